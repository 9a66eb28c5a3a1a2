"""A user's first contact: the shipped model plans its samples correctly, and understands common phrasings."""

from __future__ import annotations

import pytest
from PIL import Image

from engine.api.chain import Box
from engine.got import GoTPipeline
from got_desktop.model.samples import samples
from tests import campaign
from training.storybook.drawing import KINDS, USUAL_COLORS
from training.storybook.edits import article, sample

PLANS = {
    "replace the pink leaf with an umbrella": (
        "is the pink leaf",
        "Replace it with a red umbrella.",
        (240, 410, 650, 880),
    ),
    "put a yellow star at the left": ("", "Add a yellow star.", (90, 340, 400, 660)),
    "turn the red car purple": ("is the red car", "Paint it purple.", (300, 560, 580, 840)),
}
"""For each sample's instruction: the object to change, its replacement, and its place in the picture."""


@pytest.fixture(scope="module")
def got_mini(root) -> GoTPipeline:
    return GoTPipeline.from_pretrained(root / "resources" / "models" / "got-mini")


@pytest.mark.parametrize("shipped", samples(), ids=lambda shipped: shipped.image.stem)
def test_a_sample_is_planned_correctly(got_mini: GoTPipeline, shipped):
    chain = got_mini.plan(shipped.instruction, Image.open(shipped.image))
    what, change, place = PLANS[shipped.instruction]
    assert what in chain.text and change in chain.text, chain.text
    (region,) = chain.mask_regions(0)
    assert region.box.iou(Box(*place)) > 0.8, chain.text


def test_a_new_object_needs_no_color(got_mini: GoTPipeline):
    wrong = []
    for seed, kind in list(enumerate(KINDS))[:: campaign.times(3, 1)]:
        source, old = next(named(seed, kind))
        instruction = f"replace the {old} with {article(kind)}"
        text = got_mini.plan(instruction, Image.fromarray(source.render())).text
        expected = f"Replace it with {article(f'{USUAL_COLORS[kind]} {kind}')}."
        if f"is the {old} " not in text or expected not in text:
            wrong.append((instruction, text))
    assert len(wrong) <= campaign.times(1, 2), wrong


def named(seed: int, kind: str):
    """Scenes with one object of a unique kind, which is not this kind."""
    for number in range(100):
        source = sample(92 * 10**8 + seed * 100 + number, "replace").source
        assert source
        names = [t.name for t in source.things]
        for thing in source.things:
            if thing.kind != kind and names.count(thing.name) == 1:
                yield source, thing.name
