import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.api.errors import RequestError
from engine.got.renderers.guidance import Branch, GuidanceScales, combine, needed_branches

scales = st.builds(GuidanceScales, *[st.integers(-40, 80).map(lambda tenths: tenths / 10)] * 3)


@given(scales)
def test_the_sum_is_the_papers_equation(scales: GuidanceScales):
    full, no_spatial, no_semantic, nothing = torch.randn(
        4, 4, 8, 8, generator=torch.Generator().manual_seed(0)
    ).double()
    predictions = {
        (True, True, True): full,
        (True, False, True): no_spatial,
        (False, False, True): no_semantic,
        (False, False, False): nothing,
    }
    expected = (
        nothing
        + scales.semantic * (no_spatial - no_semantic)
        + scales.spatial * (full - no_spatial)
        + scales.reference * (no_semantic - nothing)
    )
    branches = needed_branches(scales)
    stacked = torch.stack([predictions[branch[:3]] for branch in branches])
    torch.testing.assert_close(combine(stacked, branches), expected[None], rtol=0, atol=1e-9)


@given(scales)
def test_no_unneeded_branch_is_computed(scales: GuidanceScales):
    branches = needed_branches(scales)
    assert all(branch.coefficient != 0 for branch in branches)
    assert sum(branch.coefficient for branch in branches) == pytest.approx(1)


@pytest.mark.parametrize(
    ("scales", "needed"),
    [
        (GuidanceScales(4, 3, 1.5), [(1, 1, 1), (1, 0, 1), (0, 0, 1), (0, 0, 0)]),
        (GuidanceScales(7.5, 4, 1), [(1, 1, 1), (1, 0, 1), (0, 0, 1)]),
        (GuidanceScales(4, 0, 1.5), [(1, 0, 1), (0, 0, 1), (0, 0, 0)]),
        (GuidanceScales(2, 2, 2), [(1, 1, 1), (0, 0, 0)]),
        (GuidanceScales(1, 1, 1), [(1, 1, 1)]),
        (GuidanceScales(0, 0, 0), [(0, 0, 0)]),
    ],
)
def test_branches_that_cancel_are_dropped(scales: GuidanceScales, needed: list[tuple[int, int, int]]):
    assert [branch[:3] for branch in needed_branches(scales)] == needed


def test_a_single_branch_is_returned_bit_for_bit():
    prediction = torch.randn(1, 4, 8, 8)
    assert torch.equal(combine(prediction, [Branch(True, True, True, 1.0)]), prediction)


def test_the_papers_scales_for_an_edit_are_the_default():
    assert GuidanceScales() == GuidanceScales(semantic=4.0, spatial=3.0, reference=1.5)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_scale_that_is_not_finite_is_refused(wrong: float):
    with pytest.raises(RequestError, match="finite"):
        GuidanceScales(4, wrong, 1)
