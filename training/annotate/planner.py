"""A GoT model's own planner describes pairs."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from engine.api.chain import Box, Chain, Region
from engine.got import GoTPipeline
from training.annotate.describer import Plain, without_article

_SAME = 0.4
"""IoU from which on an object that the planner sees is the one that was edited."""


class PlannerDescriber(Plain):
    """Begins chains as a GoT model itself would, so that its adapter learns the new and not another manner."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        super().__init__()
        self.pipeline = GoTPipeline.from_pretrained(folder, device=device)
        self._planned: tuple[Image.Image, str, Chain] | None = None

    def regions(self, source: Image.Image, target: Image.Image, instruction: str) -> list[Box] | None:
        """Where the pictures differ; the box of the object that the planner sees there, if it sees one.

        The difference bounds an object a few pixels off, and each time by others: nothing that can be learnt.
        """
        found = super().regions(source, target, instruction)
        return found and [there.box if (there := self._object(source, instruction, box)) else box for box in found]

    def head(self, source: Image.Image, instruction: str, boxes: list[Box]) -> str:
        """As the model plans it; but the object's name is that of what stands in the edit's box."""
        chain = self._plan(source, instruction)
        edited = chain.mask_regions(0)
        if not edited or not boxes:
            return super().head(source, instruction, boxes)
        if there := self._object(source, instruction, boxes[0]):
            chain = chain.rename(edited[0].id, f"the {without_article(there.phrase)}")
        return chain.text[: chain.mask_regions(0)[0].start].rstrip()

    def _object(self, source: Image.Image, instruction: str, box: Box) -> Region | None:
        objects = [region for region in self._plan(source, instruction).boxes if region.color is None]
        there = max(objects, key=lambda region: region.box.iou(box), default=None)
        return there if there and there.box.iou(box) > _SAME else None

    def _plan(self, source: Image.Image, instruction: str) -> Chain:
        """Planned once for a pair."""
        if not self._planned or self._planned[0] is not source or self._planned[1] != instruction:
            self._planned = (source, instruction, self.pipeline.plan(instruction, source))
        return self._planned[2]
