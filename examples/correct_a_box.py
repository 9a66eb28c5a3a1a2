"""Plan an edit, move its box and render the corrected plan, with the engine that the app and the plug-ins use.

    python examples/correct_a_box.py resources/samples/sea.png "turn the red car purple" car.png

Only `engine.api` is imported, which does not need torch. If no engine is running, this Python starts one, and must
have all packages of got_desktop.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.api.chain import Chain
from engine.api.launch import connect
from engine.api.protocol import EditRequest, Event, PlanRequest, Step, Token

CONTENT_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path)
    parser.add_argument("instruction")
    parser.add_argument("output", type=Path, help="a PNG")
    parser.add_argument("--model", default="got-mini", help="a name that `got model list` shows")
    parser.add_argument("--move", type=int, nargs=2, default=(20, 0), metavar=("DX", "DY"), help="in thousandths")
    options = parser.parse_args()

    # Connects to the running engine, or starts one; it stays alive while this lease is held
    with connect("example") as engine:
        image = engine.upload(options.picture.read_bytes(), CONTENT_TYPES[options.picture.suffix.lower()])

        plan_job = engine.run(PlanRequest(instruction=options.instruction, image=image.id, model=options.model), show)
        chain = Chain.parse(engine.client.result(plan_job.id).chains[0])
        engine.client.acknowledge(plan_job.id)  # lets the engine remove the result

        # Boxes are integers from 0 to 1000, relative to the picture. Each change returns a new chain.
        for region in chain.mask_regions(0):
            print(f"\n“{region.phrase}” at {region.box}")
            chain = chain.move(region.id, *options.move)

        # A chain in the request is rendered as it is, without planning.
        edit_job = engine.run(
            EditRequest(instruction=options.instruction, image=image.id, chain=chain.text, model=options.model), show
        )
        result = engine.client.result(edit_job.id)
        options.output.write_bytes(engine.client.file(edit_job.id, result.named("image")[0].name))
        engine.client.acknowledge(edit_job.id)
    print(f"\nWrote {options.output}")


def show(event: Event) -> None:
    """Prints the plan as it is written, and the steps as they finish."""
    if isinstance(event, Token):
        print(event.text, end="", flush=True)
    elif isinstance(event, Step):
        print(f"\rstep {event.step} of {event.total}", end="", flush=True)


if __name__ == "__main__":
    main()
