"""Describes pairs with a GoT model's own planner."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from engine.api.chain import Box, Chain, Region
from engine.got import GoTPipeline
from training.annotate.describer import Plain, without_article

_SAME = 0.4
"""Minimum IoU at which an object in the plan is taken to be the edited one."""


class PlannerDescriber(Plain):
    """Begins chains in the model's own style, so that an adapter learns the new content and not another style."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        super().__init__()
        self.pipeline = GoTPipeline.from_pretrained(folder, device=device)
        self._latest: tuple[Image.Image, str, Chain] | None = None

    def regions(self, source: Image.Image, target: Image.Image, instruction: str) -> list[Box] | None:
        """Returns the regions of the difference, each replaced by the box of the planner's object there, if any.

        The difference misses an object's bounds by a few pixels, differently each time, which a model cannot learn.
        """
        boxes = super().regions(source, target, instruction)
        return boxes and [match.box if (match := self._object(source, instruction, box)) else box for box in boxes]

    def head(self, source: Image.Image, instruction: str, boxes: list[Box]) -> str:
        """Returns the beginning of the model's plan, in which the edited object gets the name of the one in the box."""
        chain = self._plan(source, instruction)
        regions = chain.mask_regions(0)
        if not regions or not boxes:
            return super().head(source, instruction, boxes)
        if match := self._object(source, instruction, boxes[0]):
            chain = chain.rename(regions[0].id, f"the {without_article(match.phrase)}")
        return chain.text[: chain.mask_regions(0)[0].start].rstrip()

    def _object(self, source: Image.Image, instruction: str, box: Box) -> Region | None:
        """Returns the plan's object that overlaps the box best, if its IoU exceeds _SAME."""
        objects = [region for region in self._plan(source, instruction).boxes if region.color is None]
        best = max(objects, key=lambda region: region.box.iou(box), default=None)
        return best if best and best.box.iou(box) > _SAME else None

    def _plan(self, source: Image.Image, instruction: str) -> Chain:
        """Returns the plan for a pair; the latest one is cached."""
        if not self._latest or self._latest[0] is not source or self._latest[1] != instruction:
            self._latest = (source, instruction, self.pipeline.plan(instruction, source))
        return self._latest[2]
