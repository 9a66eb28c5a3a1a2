"""GIMP's image: reads the visible pixels and inserts one layer with its mask. Only in the plug-in's main thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gi.repository import Gegl, Gimp, GLib

from engine.api.errors import ImageError
from engine.api.notes import Note
from plugins.common.geometry import Area, clipped, neighborhood
from plugins.gimp.pixels import Result

RGBA, GREY = "R'G'B'A u8", "Y u8"
"""Pixel formats: 8-bit sRGB with alpha, and a mask's. GIMP converts them from and to the image's format."""


@dataclass(frozen=True)
class Capture:
    """The input of an edit."""

    image: Gimp.Image
    width: int
    height: int
    area: Area
    """The part of the image that the model sees."""
    pixels: bytes
    """That part, flattened, RGBA."""
    selection: bytes | None
    """How much of each pixel of the area is selected. None: nothing is selected, everything may change."""
    notes: tuple[Note, ...]
    display: Gimp.Display | None
    """The view from which a user called the procedure. None: a script called it."""

    @property
    def is_transparent(self) -> bool:
        return min(self.pixels[3::4]) < 255

    def problem(self) -> Note | None:
        """Why no layer can be inserted into the image. None: the image is unchanged."""
        # GIMP keeps a closed image until the procedure ends; then the image and any new layer are deleted
        if not self.image.is_valid() or (self.display is not None and not self.display.is_valid()):
            return Note.of("image_closed", "The image was closed.")
        if (self.image.get_width(), self.image.get_height()) != (self.width, self.height):
            return Note.of(
                "image_resized",
                "The image was resized from {width_before}×{height_before} to {width}×{height}.",
                width=self.image.get_width(),
                height=self.image.get_height(),
                width_before=self.width,
                height_before=self.height,
            )
        return None


def capture(image: Gimp.Image, mode: Gimp.RunMode) -> Capture:
    """Reads the visible pixels, or those around the selection. Raises ImageError for an indexed image."""
    if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        raise ImageError(
            "image_indexed",
            "This image has a palette, which would limit the colors of the edit.",
            "Convert it first: Image ▸ Mode ▸ RGB.",
        )
    width, height = image.get_width(), image.get_height()
    area, selection = _selected_area(image, width, height)
    display = None if mode == Gimp.RunMode.NONINTERACTIVE else Gimp.default_display()
    return Capture(image, width, height, area, _visible(image, area), selection, _notes(image), display)


def again(source: Capture) -> Capture:
    """The capture with the pixels of now: while a dialog is open, the user can paint in the image."""
    return source if source.problem() else replace(source, pixels=_visible(source.image, source.area))


def _visible(image: Gimp.Image, area: Area) -> bytes:
    visible = Gimp.Layer.new_from_visible(image, image, "visible")
    pixels = bytes(visible.get_buffer().get(Gegl.Rectangle.new(*area), 1.0, RGBA, Gegl.AbyssPolicy.NONE))
    visible.delete()
    return pixels


def _selected_area(image: Gimp.Image, width: int, height: int) -> tuple[Area, bytes | None]:
    """(area that the model sees, how much of it is selected)"""
    _, is_selected, x1, y1, x2, y2 = Gimp.Selection.bounds(image)
    bounds = clipped((x1, y1, x2 - x1, y2 - y1), width, height) if is_selected else None
    if bounds is None:
        return (0, 0, width, height), None
    area = neighborhood(bounds, width, height)
    mask = image.get_selection().get_buffer().get(Gegl.Rectangle.new(*area), 1.0, GREY, Gegl.AbyssPolicy.NONE)
    return area, bytes(mask)


def _notes(image: Gimp.Image) -> tuple[Note, ...]:
    notes = []
    if image.get_base_type() == Gimp.ImageBaseType.GRAY:
        notes.append(
            Note.of(
                "image_grey",
                "The image is grayscale, so the edit becomes grayscale too. For color, choose Image ▸ Mode ▸ RGB "
                "first.",
            )
        )
    if image.get_precision() not in (Gimp.Precision.U8_NON_LINEAR, Gimp.Precision.U8_PERCEPTUAL):
        notes.append(Note.of("image_depth", "The edit is drawn in 8-bit sRGB; the image keeps its precision."))
    return tuple(notes)


def insert(source: Capture, names: Sequence[str], results: Sequence[Result]) -> None:
    """Inserts a layer with a layer mask for each result on top, as one undo step; only the first one is visible.

    The results have the area's size.
    """
    image = source.image
    image.undo_group_start()
    try:
        for name, result in reversed(list(zip(names, results, strict=True))):
            _insert_layer(source, name, result).set_visible(result is results[0])
    finally:
        image.undo_group_end()
    if source.display is not None:
        source.display.present()  # the user may look at another image by now
    Gimp.displays_flush()


def _insert_layer(source: Capture, name: str, result: Result) -> Gimp.Layer:
    image, (x, y, width, height) = source.image, source.area
    grey = image.get_base_type() == Gimp.ImageBaseType.GRAY
    kind = Gimp.ImageType.GRAYA_IMAGE if grey else Gimp.ImageType.RGBA_IMAGE
    layer = Gimp.Layer.new(image, name, width, height, kind, 100.0, Gimp.LayerMode.NORMAL)
    if source.is_transparent:  # the layer's alpha is then its mask × the alpha of what lies below, as in the engine
        layer.set_composite_mode(Gimp.LayerCompositeMode.CLIP_TO_BACKDROP)
    image.insert_layer(layer, None, 0)
    layer.set_offsets(x, y)
    _fill(layer, width, height, RGBA, result.rgba)
    layer_mask = layer.create_mask(Gimp.AddMaskType.BLACK)
    layer.add_mask(layer_mask)
    _fill(layer_mask, width, height, GREY, result.mask)
    return layer


def new_image(names: Sequence[str], results: Sequence[Result]) -> Gimp.Image:
    """A new image that is not shown yet, with a layer for each whole picture; only the first one is visible."""
    width, height = results[0].width, results[0].height
    image = Gimp.Image.new(width, height, Gimp.ImageBaseType.RGB)
    image.undo_disable()
    for name, result in reversed(list(zip(names, results, strict=True))):
        layer = Gimp.Layer.new(image, name, width, height, Gimp.ImageType.RGBA_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
        image.insert_layer(layer, None, 0)
        _fill(layer, width, height, RGBA, result.whole)
        layer.set_visible(result is results[0])
    image.undo_enable()
    return image


def show(image: Gimp.Image) -> bool:
    """Opens a view of the image. False: GIMP runs without windows."""
    try:
        Gimp.Display.new(image)
    except TypeError:  # libgimp returns no display, and the bindings fail on that
        return False
    return True


def _fill(drawable: Gimp.Drawable, width: int, height: int, form: str, data: bytes) -> None:
    buffer = drawable.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, width, height), form, GLib.Bytes.new(data).get_data())
    buffer.flush()
    drawable.update(0, 0, width, height)
