"""The method step by step, with `GoTPipeline` in this process: plan, look, correct, render.

    python examples/walk_through_the_pipeline.py resources/samples/sea.png "turn the red car purple" walk

Writes three pictures to the folder `walk`. Needs torch.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from engine.api.chain import Chain
from engine.got import GoTPipeline, GuidanceScales
from engine.models.catalog import find_model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path)
    parser.add_argument("instruction")
    parser.add_argument("output", type=Path, help="a folder")
    parser.add_argument("--model", default="got-mini", help="a name of the catalog, or a folder")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or mps")
    parser.add_argument("--steps", type=int, help="default: the model's default")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    with Image.open(options.picture) as file:
        source = file.convert("RGB")

    # Load: a folder in the native layout, in float32 unless `dtype` says otherwise.
    pipe = GoTPipeline.from_pretrained(find_model(options.model).folder, device=options.device)

    # Plan: the multimodal LLM writes the chain, token by token (paper sec. 4.2).
    chain = pipe.plan(options.instruction, source, on_token=lambda piece: print(piece, end="", flush=True))

    # Look: the chain's text is exact, and its regions define the spatial guidance.
    for region in chain.boxes:
        print(f"\n{region.box}: “{region.phrase}”, {region.color or 'reasoned about only'}")
    for problem in chain.problems:
        print(f"\n{problem.message} {problem.remedy}")

    # Correct: each change returns a new chain; text that was edited by hand is parsed again.
    corrected = Chain.parse(chain.text)
    for region in chain.mask_regions(0):
        corrected = corrected.move(region.id, 20, 0)

    # Render: semantic, spatial and reference guidance, one picture per turn (paper sec. 4.3).
    def render(name: str, chain: Chain, scales: GuidanceScales | None = None) -> None:
        picture = pipe.render(
            chain,
            source,
            instruction=options.instruction,
            num_inference_steps=options.steps,
            guidance_scales=scales,
            seed=42,
        )[-1]
        picture.save(options.output / f"{name}.png")
        print(f"Wrote {options.output / name}.png")

    print()
    render("planned", chain)
    render("corrected", corrected)
    render("corrected, boxes count more", corrected, GuidanceScales(semantic=4.0, spatial=6.0, reference=1.5))


if __name__ == "__main__":
    main()
