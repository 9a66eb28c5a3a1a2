"""Creates a job's result: layers over the source, masks and the plan's boxes, all as PNG."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image

from engine.api.chain import Chain
from engine.api.protocol import EditRequest, ResultFile
from engine.imaging import color
from engine.imaging.composite import Layer, edit_layer, layer_name, pixel_rectangle
from engine.imaging.decode import Source
from engine.imaging.overlay import draw_plan, marks_of_turn, stacked
from engine.imaging.region import Region
from engine.imaging.save import encode

_BLANK = (232, 232, 232)
_PLAN_CANVAS = (512, 512)


@dataclass
class Files:
    """The files of a result, by name."""

    entries: list[ResultFile] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)

    def add(self, kind: str, candidate: int, turn: int, data: bytes) -> None:
        name = f"{kind}-{candidate}-{turn}.png"
        self.contents[name] = data
        digest = hashlib.sha256(data).hexdigest()
        self.entries.append(ResultFile(name, kind, candidate, turn, len(data), digest))  # type: ignore[arg-type]

    def add_edit(self, candidate: int, source: Source, layers: Sequence[Layer]) -> None:
        """Adds the merged picture, and for each turn its layer as RGBA and its mask."""
        merged = source.image.convert("RGB")
        for turn, layer in enumerate(layers):
            merged = layer.over(merged)
            rgba = layer.image.copy()
            rgba.putalpha(layer.mask)
            self.add("layer", candidate, turn, encode(rgba, ".png", source))
            self.add("mask", candidate, turn, _grey(layer.mask))
        if source.alpha:
            merged.putalpha(source.alpha)
        self.add("image", candidate, len(layers) - 1, encode(merged, ".png", source))

    def add_overlay(self, pictures: Sequence[Image.Image], chain: Chain, candidate: int = 0) -> None:
        """Adds the boxes of each turn, drawn on the picture that the turn starts from, one below the other."""
        plans = [
            draw_plan(picture, marks_of_turn(chain, turn.index, picture.size))
            for turn, picture in zip(chain.turns, pictures, strict=False)  # the last picture starts no turn
        ]
        self.add("overlay", candidate, 0, encode(stacked(plans), ".png"))


def _grey(mask: Image.Image) -> bytes:
    buffer = io.BytesIO()
    mask.save(buffer, "PNG")
    return buffer.getvalue()


def edit_layers(
    request: EditRequest, source: Source, region: Region, chain: Chain, images: Sequence[Image.Image]
) -> list[Layer]:
    """A layer for each turn, over the whole picture and in its color space; `images` show the region, in sRGB."""
    below, layers = source.image.convert("RGB"), []
    for turn, picture in zip(chain.turns, images, strict=True):
        part = region.cut(below)
        if picture.size != part.size:  # fit "stretch" returns the reference's own size
            picture = picture.resize(part.size)
        picture = color.from_srgb(picture, source.icc_profile)
        boxes = [pixel_rectangle(box_region.box, part.size) for box_region in chain.mask_regions(turn.index)]
        name = layer_name(request.instruction) + (f" ({turn.index + 1})" if turn.index else "")
        layer = edit_layer(name, part, picture, boxes, request.scope, request.feather, request.grow)
        layers.append(region.back(layer, below))
        below = layers[-1].over(below)
    return layers


def blank(size: tuple[int, int] = _PLAN_CANVAS) -> Image.Image:
    """The background of a plan that has no source image."""
    return Image.new("RGB", size, _BLANK)
