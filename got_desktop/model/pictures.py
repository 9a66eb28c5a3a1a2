"""Picture files: reading, saving, and exchanging pictures with the engine.

The only module of the app's model that uses the engine beyond its public API, for the formats. All functions are slow
and are called in the background.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PIL import Image

from engine.api.formats import OPENRASTER, PNG, format_of
from got_desktop import VERSION
from got_desktop.model.layers import STRIP, Layer, composite
from got_desktop.model.screen_color import for_screen
from got_desktop.model.state import State

if TYPE_CHECKING:
    from engine.imaging.decode import Source

_OURS = "got.json"


def read(path: Path) -> State:
    """A picture file as a document. Raises ImageError with its path."""
    from engine.imaging.decode import read_image

    if path.suffix.lower() == OPENRASTER and path.is_file():
        return read_openraster(path.read_bytes(), str(path))
    return State(read_image(path))


def of_bytes(data: bytes, name: str) -> State:
    """A pasted or dropped picture. Raises ImageError."""
    from engine.imaging.decode import decode

    return State(decode(data, name))


def of_image(image: Image.Image) -> State:
    """A picture without a file. Raises ImageError if it is too large."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=0)
    return of_bytes(buffer.getvalue(), "The pasted picture")


def picture_source(data: bytes, name: str) -> Source:
    """Decodes a picture from the engine as the base of a document."""
    from engine.imaging.decode import decode

    return decode(data, name, (PNG,), min_side=1)


def read_layer(data: bytes, name: str, facts: dict[str, Any], job: str = "") -> Layer:
    """Builds a layer from the engine's RGBA picture, whose transparency is the mask."""
    pixels, mask = split(picture_source(data, name).image)
    return Layer(name, pixels, mask, facts=facts, job=job)


def split(image: Image.Image) -> tuple[Image.Image, Image.Image]:
    """RGB or RGBA -> (RGB, mode L): the colors, including those of transparent pixels, and the mask."""
    if image.mode == "RGB":
        return image, Image.new("L", image.size, 255)
    pixels = Image.new("RGB", image.size, None)  # type: ignore[arg-type]
    mask = Image.new("L", image.size, None)  # type: ignore[arg-type]
    for top in range(0, image.height, STRIP):
        box = (0, top, image.width, min(image.height, top + STRIP))
        part = image.crop(box)
        mask.paste(part.getchannel("A"), box)
        pixels.paste(part.convert("RGB"), box)
    return pixels, mask


def for_engine(state: State) -> bytes:
    """The composited picture in its own color space, as a PNG with fast compression."""
    assert state.base is not None
    image = composite(state.base.image, state.layers)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1, icc_profile=state.base.icc_profile)
    return buffer.getvalue()


def save(state: State, path: Path, facts: bool) -> None:
    """Saves the document, replacing an existing file; `facts` also stores how it was made.

    Raises OutputError and then keeps the old file.
    """
    from engine.imaging.save import check_size, check_writable, encode, write_files

    assert state.base is not None
    check_writable(path, overwrite=True)
    check_size(path, state.size)
    merged = composite(state.base.image, state.layers)
    if path.suffix.lower() == OPENRASTER:
        data = openraster(state, merged, facts)
    else:
        data = encode(merged, path.suffix.lower(), state.base, facts_of(state) if facts else None)
    write_files({path: data}, overwrite=True)


Part = Literal["layers", "plan", "area", "pixels"]


def lost(state: State, path: Path) -> tuple[Part, ...]:
    """The parts of the document that a file of this kind does not keep; () if it keeps everything.

    OpenRaster keeps everything. Any other file is flat: it holds how the picture looks, and nothing of how it was made.
    """
    if path.suffix.lower() == OPENRASTER:
        return ()
    form = format_of(path.suffix)
    parts: dict[Part, bool] = {
        "layers": bool(state.layers),
        "plan": not state.plan.empty,
        "area": state.selection is not None,
        "pixels": form is not None and not form.lossless,
    }
    return tuple(part for part, is_lost in parts.items() if is_lost)


def facts_of(state: State) -> dict[str, Any] | None:
    """The facts of the last visible edit, with those of earlier edits under `earlier`."""
    layer_facts = [layer.facts for layer in state.layers if layer.visible and layer.facts]
    if not layer_facts:
        return None
    return (
        layer_facts[-1]
        | {"software": f"got_desktop {VERSION}"}
        | ({"earlier": layer_facts[:-1]} if layer_facts[1:] else {})
    )


# OpenRaster


def openraster(state: State, merged: Image.Image, facts: bool = True, fast: bool = False) -> bytes:
    """The bytes of an .ora file; `fast` makes it larger.

    Masks are stored as the layers' transparency; data that other programs do not know is stored in extra files.
    """
    from engine.imaging.openraster import RasterLayer, write_stack

    assert state.base is not None
    stack = [RasterLayer("Source", state.base.image)]
    extra: dict[str, bytes] = {}
    ours: dict[str, Any] = {"plan": state.review_json() if facts else {"chain": "", "marks": []}, "layers": []}
    for number, layer in enumerate(state.layers):
        pixels = layer.pixels.copy()
        if layer.mask_on:
            pixels.putalpha(layer.mask)
        else:
            extra[f"mask{number}.png"] = _png(layer.mask)
        stack.append(RasterLayer(layer.name, pixels, opacity=layer.opacity, visible=layer.visible))
        ours["layers"].append({"mask_on": layer.mask_on, "facts": layer.facts if facts else {}, "job": layer.job})
    extra[_OURS] = json.dumps(ours, ensure_ascii=False).encode()
    return write_stack(stack, merged, state.base, facts_of(state) if facts else None, extra, 1 if fast else 6)


def read_openraster(data: bytes, name: str) -> State:
    """Reads our own files exactly as they were saved, and the layers of other programs' files."""
    from engine.api.errors import ImageError
    from engine.imaging.openraster import read_openraster

    raster = read_openraster(data, name)
    ours = json.loads(raster.extra.get(_OURS, b"{}"))
    if not raster.layers:
        raise ImageError("openraster_empty", "{name} contains no layers.", "Save it again.", name=name)
    lowest, above = raster.layers[0], raster.layers[1:]
    if lowest.image.size != raster.size or lowest.position != (0, 0):
        lowest = replace(lowest, image=_on_canvas(lowest.image, lowest.position, raster.size))
    assert lowest.source is not None  # set for every layer that was read
    entries: list[dict[str, Any]] = ours.get("layers", [])
    entries = entries if len(entries) == len(above) else [{} for _ in above]
    layers = []
    for number, (layer, entry) in enumerate(zip(above, entries, strict=True)):
        image = layer.image
        if image.size != raster.size or layer.position != (0, 0):
            image = _on_canvas(image, layer.position, raster.size)
        pixels, mask = split(image)
        mask_file = raster.extra.get(f"mask{number}.png")
        if not entry.get("mask_on", True) and mask_file:
            mask = Image.open(io.BytesIO(mask_file), formats=("PNG",)).convert("L")
        layers.append(
            Layer(
                layer.name,
                pixels,
                mask,
                layer.visible,
                layer.opacity,
                bool(entry.get("mask_on", True)),
                dict(entry.get("facts", {})),
                job=str(entry.get("job", "")),
            )
        )
    state = State(replace(lowest.source, name=name, image=lowest.image), tuple(layers))
    return state.with_review(ours["plan"]) if "plan" in ours else state


def _on_canvas(image: Image.Image, position: tuple[int, int], size: tuple[int, int]) -> Image.Image:
    whole = Image.new("RGBA", size)
    whole.paste(image, position)
    return whole


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def thumbnail(image: Image.Image, side: int, profile: bytes | None) -> bytes:
    """A small JPEG of the picture in the screen's colors, with transparent parts on white."""
    from engine.imaging.decode import on_white

    small = on_white(image)
    small = for_screen(small.reduce(max(1, max(image.size) // (2 * side))), profile)
    small.thumbnail((side, side))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
