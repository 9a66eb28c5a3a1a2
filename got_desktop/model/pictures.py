"""Pictures' files: what is opened, saved, sent to the engine and read from it.

The only part of the app's model that reaches behind the engine's door, for the formats. All of it is slow: it is called
in the background.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from engine.api.formats import OPENRASTER, PNG
from got_desktop import VERSION
from got_desktop.model.layers import STRIP, Layer, composite
from got_desktop.model.state import State

if TYPE_CHECKING:
    from engine.imaging.decode import Source

_OURS = "got.json"


def read(path: Path) -> State:
    """A picture file as a document. Raises ImageError naming it."""
    from engine.imaging.decode import read_image

    if path.suffix.lower() == OPENRASTER and path.is_file():
        return read_openraster(path.read_bytes(), str(path))
    return State(read_image(path))


def of_bytes(data: bytes, name: str) -> State:
    """A picture that was pasted or dropped. Raises ImageError."""
    from engine.imaging.decode import decode

    return State(decode(data, name))


def of_image(image: Image.Image) -> State:
    """Pixels that come from no file. Raises ImageError for too many of them."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=0)
    return of_bytes(buffer.getvalue(), "The pasted picture")


def picture_source(data: bytes, name: str) -> Source:
    """A picture of the engine's, as what layers can lie on."""
    from engine.imaging.decode import decode

    return decode(data, name, (PNG,), min_side=1)


def read_layer(data: bytes, name: str, facts: dict[str, Any]) -> Layer:
    """One edit as the engine gives it: RGBA, its transparency is the mask."""
    pixels, mask = split(picture_source(data, name).image)
    return Layer(name, pixels, mask, facts=facts)


def split(image: Image.Image) -> tuple[Image.Image, Image.Image]:
    """RGB or RGBA -> (RGB, mode L): the color under the transparency stays, and the transparency is the mask."""
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
    """The picture as it looks, as a PNG that is made fast, in its own color space."""
    assert state.base is not None
    image = composite(state.base.image, state.layers)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1, icc_profile=state.base.icc_profile)
    return buffer.getvalue()


def save(state: State, path: Path, facts: bool) -> None:
    """Writes the document, replacing what was there; with `facts`, how it was made goes into it too.

    Raises OutputError, and leaves the old file as it was then.
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


def facts_of(state: State) -> dict[str, Any] | None:
    """What the visible edits were made with: of the last one, and of those before it under `earlier`."""
    made = [layer.facts for layer in state.layers if layer.visible and layer.facts]
    if not made:
        return None
    return made[-1] | {"software": f"got_desktop {VERSION}"} | ({"earlier": made[:-1]} if made[1:] else {})


# OpenRaster


def openraster(state: State, merged: Image.Image, facts: bool = True, fast: bool = False) -> bytes:
    """The bytes of an .ora file; with `fast` a larger one.

    Masks are the layers' transparency; what other programs do not know lies beside it.
    """
    from engine.imaging.openraster import RasterLayer, write_stack

    assert state.base is not None
    stack = [RasterLayer("Source", state.base.image)]
    extra: dict[str, bytes] = {}
    ours: dict[str, Any] = {"plan": state.review_json() if facts else {"chain": "", "marks": []}, "layers": []}
    for number, layer in enumerate(state.layers):
        shown = layer.pixels.copy()
        if layer.mask_on:
            shown.putalpha(layer.mask)
        else:
            extra[f"mask{number}.png"] = _png(layer.mask)
        stack.append(RasterLayer(layer.name, shown, opacity=layer.opacity, visible=layer.visible))
        ours["layers"].append({"mask_on": layer.mask_on, "facts": layer.facts if facts else {}})
    extra[_OURS] = json.dumps(ours, ensure_ascii=False).encode()
    return write_stack(stack, merged, state.base, facts_of(state) if facts else None, extra, 1 if fast else 6)


def read_openraster(data: bytes, name: str) -> State:
    """Our own files come back as they were saved; of others every layer that can lie above the lowest one."""
    from engine.api.errors import ImageError
    from engine.imaging.openraster import read_openraster

    raster = read_openraster(data, name)
    ours = json.loads(raster.extra.get(_OURS, b"{}"))
    if not raster.layers:
        raise ImageError("openraster_empty", "{name} contains no layers.", "Save it again.", name=name)
    lowest, above = raster.layers[0], raster.layers[1:]
    if lowest.image.size != raster.size or lowest.position != (0, 0):
        lowest = replace(lowest, image=_placed(lowest.image, lowest.position, raster.size))
    assert lowest.source is not None  # it was read
    noted: list[dict[str, Any]] = ours.get("layers", [])
    noted = noted if len(noted) == len(above) else [{} for _ in above]
    layers = []
    for number, (layer, known) in enumerate(zip(above, noted, strict=True)):
        image = layer.image
        if image.size != raster.size or layer.position != (0, 0):
            image = _placed(image, layer.position, raster.size)
        pixels, mask = split(image)
        kept = raster.extra.get(f"mask{number}.png")
        if not known.get("mask_on", True) and kept:
            mask = Image.open(io.BytesIO(kept), formats=("PNG",)).convert("L")
        layers.append(
            Layer(
                layer.name,
                pixels,
                mask,
                layer.visible,
                layer.opacity,
                bool(known.get("mask_on", True)),
                dict(known.get("facts", {})),
            )
        )
    state = State(replace(lowest.source, name=name, image=lowest.image), tuple(layers))
    return state.with_review(ours["plan"]) if "plan" in ours else state


def _placed(image: Image.Image, position: tuple[int, int], size: tuple[int, int]) -> Image.Image:
    whole = Image.new("RGBA", size)
    whole.paste(image, position)
    return whole


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def thumbnail(image: Image.Image, side: int) -> bytes:
    """A small JPEG of it."""
    small = image.convert("RGB") if max(image.size) <= 2 * side else image.reduce(max(image.size) // (2 * side) or 1)
    small = small.convert("RGB")
    small.thumbnail((side, side))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
