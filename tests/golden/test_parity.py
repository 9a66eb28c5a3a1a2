"""In float32 the pipeline computes the same as the reference, from the chain's text to the pixels."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.got import GoTPipeline
from tests.golden.recorder import (
    Golden,
    Run,
    golden_cases,
    levels_apart,
    plan_and_render,
    relative_difference,
    render_only,
)

CASES = [f"case{number}_{scheduler}" for number in range(4) for scheduler in ("euler", "ddpm")]


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, golden: Path) -> Golden:
    return Golden(golden / "golden", next(c for c in golden_cases(golden) if c["name"] == request.param))


def test_all_cases_are_tested(golden: Path):
    assert sorted(case["name"] for case in golden_cases(golden)) == sorted(CASES)


@pytest.mark.parametrize("way", [plan_and_render, render_only])
def test_a_case_equals_the_reference(pipeline: GoTPipeline, case: Golden, way: Callable[[GoTPipeline, Golden], Run]):
    check(way(pipeline, case), case)


@pytest.mark.full
def test_with_gpu_optimizations_a_case_equals_the_reference(as_on_a_card: GoTPipeline, case: Golden):
    check(plan_and_render(as_on_a_card, case), case)


def check(run: Run, case: Golden) -> None:
    """Chain and token ids are equal, tensors agree to 1e-4 of their largest value, and images to 2 of 255 levels."""
    assert [turn.text for turn in run.chain.turns] == case.case["chains"]

    assert run.tensors.keys() == case.tensors.keys()
    exact = {name for name in case.tensors if name.endswith((".input_ids", ".time_ids", ".timesteps"))}
    for name in exact:
        assert torch.equal(run.tensors[name].double(), case.tensors[name].double()), name
    differences = {name: relative_difference(run.tensors[name], tensor) for name, tensor in case.tensors.items()}
    assert {name: difference for name, difference in differences.items() if difference > 1e-4} == {}

    assert [image.size for image in run.images] == [image.size for image in case.results]
    assert max(levels_apart(*pair) for pair in zip(run.images, case.results, strict=True)) <= 2


def test_in_bfloat16_a_given_chain_is_rendered_nearly_the_same(in_bfloat16: GoTPipeline, case: Golden):
    """With Euler's steps the image is within 10 of 255 levels; DDPM adds noise at each step, which carries rounding
    errors on."""
    run = render_only(in_bfloat16, case)
    differences = {name: relative_difference(run.tensors[name], tensor) for name, tensor in case.tensors.items()}
    predicted = [difference for name, difference in differences.items() if name.startswith("0.eps")]
    assert len(predicted) == 2 and max(predicted) <= 0.06
    pairs = list(zip(run.images, case.results, strict=True))
    assert max(levels_apart(*pair) for pair in pairs) <= (10 if case.name.endswith("euler") else 40)
    assert max(np.abs(np.asarray(a, float) - np.asarray(b, float)).mean() for a, b in pairs) <= 2
