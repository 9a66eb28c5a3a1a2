"""Prints how far the pipeline is from the reference: `python -m tests.golden.table > docs/golden-parity.md`."""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path

from engine.got import GoTPipeline
from engine.models.convert import import_released
from tests.conftest import GOLDEN
from tests.golden.recorder import (
    CHECKPOINTS,
    Golden,
    golden_cases,
    levels_apart,
    plan_and_render,
    relative_difference,
    render_only,
)

INTRODUCTION = """# Golden parity

What `GoTPipeline` computes in float32 on a CPU beside what the reference computed, from the same checkpoint.
Made by `python -m tests.golden.table > docs/golden-parity.md`; `tests/golden` holds every figure to its limit.

*tensors*: the largest difference of any stored tensor, over the largest value of that tensor in the reference, and the
tensor it is in (limit 1e-4; token ids, time ids and timesteps must be equal). *picture*: the largest difference of a
channel in the pictures handed back (limit 2/255). *planned*: the MLLM writes the chain; *given*: the chain is read.
A second turn begins with the first one's picture, in 8 bits. Where the last bit of a float decides between two levels,
it would begin a level away from the reference's second turn; so it is given the reference's first picture here,
wherever ours equals it to 1e-4 before rounding.

Different on purpose: from a caption, with `fit="stretch"`, the pipeline hands back the size that was asked for. The
reference stretches the drawn picture once more by the canvas's own shape: asked for 192×128, it hands back 288×128.

Versions: {versions}.

| checkpoint | case | turns | chain | tensors, planned | tensors, given | picture |
| --- | --- | --- | --- | --- | --- | --- |"""


def main() -> None:
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "diffusers"))
    print(INTRODUCTION.format(versions=versions))
    for checkpoint in CHECKPOINTS:
        with tempfile.TemporaryDirectory() as folder:
            import_released(GOLDEN, Path(folder) / "model", checkpoint=checkpoint, source_size=112)
            pipeline = GoTPipeline.from_pretrained(Path(folder) / "model")
        for case in golden_cases(GOLDEN):
            print(f"| {checkpoint} | {row(pipeline, Golden(GOLDEN / 'golden', case))} |")


def row(pipeline: GoTPipeline, golden: Golden) -> str:
    planned, given = plan_and_render(pipeline, golden), render_only(pipeline, golden)
    same = planned.chain.text == golden.chain.text
    levels = max(
        levels_apart(*pair) for run in (planned, given) for pair in zip(run.images, golden.results, strict=True)
    )
    cells = [golden.name, len(golden.results), "equal" if same else "DIFFERENT"]
    for run in (planned, given):
        apart = {name: relative_difference(run.tensors[name], tensor) for name, tensor in golden.tensors.items()}
        worst = max(apart, key=lambda name: apart[name])
        cells.append(f"{apart[worst]:.1e} ({worst})")
    return " | ".join(map(str, [*cells, f"{levels}/255"]))


if __name__ == "__main__":
    main()
