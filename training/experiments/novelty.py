"""`python -m training.experiments.novelty FOLDER`: writes pairs with a kind of object that got-mini has never seen.

The files NAME-before.png, NAME-after.png and NAME.txt are what a user would fine-tune on. In each pair, a snowman
replaces one object of a storybook scene.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from training.measures import OUTSIDE_DB, blurred_lab, psnr
from training.pages import thumbnail
from training.storybook.drawing import SIZE
from training.storybook.edits import sample
from training.storybook.scene import Scene, Thing
from training.storybook.scoring import outside, place_of, rivals

KIND, COLOR = "snowman", "white"
FORMS = ("replace {} with a snowman", "turn {} into a snowman", "swap {} for a snowman")
FIRST_SEED, FIRST_HELD_OUT = 12 * 10**9, 13 * 10**9
"""Start beyond all seeds of the shipped model's training and evaluation."""


@dataclass(frozen=True)
class Novelty:
    """A scene, one of its objects, and the instruction to replace it with a snowman."""

    source: Scene
    old: Thing
    instruction: str

    def target(self, kind: str = KIND) -> np.ndarray:
        """Returns the edited picture, uint8 (SIZE, SIZE, 3), with an object of this kind in place of the old one."""
        others = tuple(thing for thing in self.source.things if thing is not self.old)
        return replace(self.source, things=(*others, replace(self.old, kind=kind, color=COLOR))).render()


def novelty(seed: int) -> Novelty:
    """Returns the pair for a seed."""
    example = sample(seed, "recolor")
    assert example.source and example.steps[0].old
    old, new = example.steps[0].old, example.steps[0].new
    assert new
    return Novelty(example.source, old, _instruction(example.instruction, new.color, random.Random(seed)))


def _instruction(recolor: str, color: str, dice: random.Random) -> str:
    """Returns an instruction in one of FORMS, with the words for the object taken from a recoloring instruction."""
    words = recolor.removesuffix(color).removesuffix(" to ").strip()
    for verb in ("change the color of ", "make ", "paint ", "recolor ", "turn "):
        words = words.removeprefix(verb)
    return dice.choice(FORMS).format(words)


def edit_right(item: Novelty, result: np.ndarray) -> bool:
    """Returns whether the edit is right, as strictly as `training.storybook.scoring`.

    Inside the box, the result must be closer to the snowman than to every kind of object in every color and to the
    source; the PSNR outside must reach 25 dB. `result` is uint8 (SIZE, SIZE, 3), before compositing.
    """
    pixels = blurred_lab(result)
    x1, y1, x2, y2 = place = place_of(item.old.box)

    def distance(other: np.ndarray) -> float:
        return float(np.square(pixels[y1:y2, x1:x2] - blurred_lab(other)[y1:y2, x1:x2]).sum(-1).mean())

    nearest = min(distance(item.source.render()), *rivals(pixels, item.source, item.old).values())
    return distance(item.target()) < nearest and psnr(result, item.target(), outside([place])) >= OUTSIDE_DB


def write_pairs(folder: Path, count: int, first_seed: int = FIRST_SEED) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        item = novelty(first_seed + number)
        Image.fromarray(item.source.render()).save(folder / f"{number:03d}-before.png")
        Image.fromarray(item.target()).save(folder / f"{number:03d}-after.png")
        (folder / f"{number:03d}.txt").write_text(item.instruction + "\n", encoding="utf-8")


def measure(model: str, adapter: Path | None, samples: int, sheet: Path | None) -> float:
    """Returns the share of right edits on held-out scenes, with the model's own chains and default options."""
    from engine.api.errors import EngineError
    from engine.got import GoTPipeline
    from engine.got.adapters import apply_adapters
    from engine.models.catalog import resolve

    pipe = GoTPipeline.from_pretrained(resolve(model))
    apply_adapters(pipe, [(adapter, 1.0)] if adapter else [])
    rows = []
    for number in range(samples):
        item = novelty(FIRST_HELD_OUT + number)
        source = Image.fromarray(item.source.render())
        chain = pipe.plan(item.instruction, source)
        try:
            result = pipe.render(chain, source, instruction=item.instruction, height=SIZE, width=SIZE)[0]
        except EngineError:  # an empty chain: nothing is rendered, which counts as wrong
            result = source
        rows.append((edit_right(item, np.asarray(result)), thumbnail(source, chain.text), result, item))
        print(f"{number + 1} {'right' if rows[-1][0] else 'wrong'}: {item.instruction}", flush=True)
    if sheet:
        _sheet(rows).save(sheet)
    return sum(right for right, *_ in rows) / samples


def _sheet(rows: list[tuple[bool, Image.Image, Image.Image, Novelty]]) -> Image.Image:
    """Returns a sheet with three samples per line: plan, result, truth, and a bar (green: right, red: wrong)."""
    columns, width, height = 3, 3 * (SIZE + 4) + 12, SIZE + 4
    sheet = Image.new("RGB", (columns * width, -(-len(rows) // columns) * height), "white")
    for number, (right, plan, result, item) in enumerate(rows):
        left, top = number % columns * width, number // columns * height
        for place, picture in enumerate((plan, result, Image.fromarray(item.target()))):
            sheet.paste(picture.resize((SIZE, SIZE)), (left + place * (SIZE + 4), top))
        bar = (left + 3 * (SIZE + 4), top, left + 3 * (SIZE + 4) + 5, top + SIZE - 1)
        ImageDraw.Draw(sheet).rectangle(bar, fill="green" if right else "red")
    return sheet


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.experiments.novelty", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="write pairs there")
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--held-out", action="store_true", help="write pairs of the held-out scenes instead")
    parser.add_argument("--measure", action="store_true", help="measure edits of held-out scenes instead")
    parser.add_argument("--model", default="got-mini")
    parser.add_argument("--adapter", type=Path)
    parser.add_argument("--samples", type=int, default=24)
    parser.add_argument("--sheet", type=Path, help="the pictures as one PNG")
    args = parser.parse_args(argv)
    if args.measure:
        print(f"edit success {measure(args.model, args.adapter, args.samples, args.sheet):.3f}")
    elif args.folder:
        write_pairs(args.folder, args.pairs, FIRST_HELD_OUT if args.held_out else FIRST_SEED)


if __name__ == "__main__":
    main()
