"""Prints the pipeline's differences from the reference: `python -m tests.golden.table > docs/golden-parity.md`."""

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

This page compares what `GoTPipeline` computes, in float32 on a CPU, with what the reference implementation computed
from the same checkpoint. `python -m tests.golden.table > docs/golden-parity.md` creates this page, and `tests/golden`
checks every figure against its limit.

- *tensors*: the largest difference in any stored tensor, divided by the largest value of that tensor in the
  reference, followed by the tensor's name. The limit is 1e-4; token ids, time ids and timesteps must be equal.
- *picture*: the largest difference in any channel of the returned pictures (limit 2/255).
- *planned*: the MLLM (the multimodal language model) writes the chain; *given*: it only reads the reference's chain.

A second turn begins with the first turn's picture, rounded to 8 bits. Where the last bit of a float decides between
two levels, a pixel of ours would begin one level away from the reference's. So here the second turn is given the
reference's first picture, wherever ours equals it to within 1e-4 before rounding.

One difference is intended. For a picture from a caption, with `fit="stretch"`, the pipeline returns the size that was
requested. The reference stretches the finished picture once more, by the canvas's own shape: when asked for 192×128,
it returns 288×128.

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
    full_run, render_run = plan_and_render(pipeline, golden), render_only(pipeline, golden)
    same = full_run.chain.text == golden.chain.text
    levels = max(
        levels_apart(*pair) for run in (full_run, render_run) for pair in zip(run.images, golden.results, strict=True)
    )
    cells = [golden.name, len(golden.results), "equal" if same else "DIFFERENT"]
    for run in (full_run, render_run):
        differences = {name: relative_difference(run.tensors[name], tensor) for name, tensor in golden.tensors.items()}
        worst = max(differences, key=lambda name: differences[name])
        cells.append(f"{differences[worst]:.1e} ({worst})")
    return " | ".join(map(str, [*cells, f"{levels}/255"]))


if __name__ == "__main__":
    main()
