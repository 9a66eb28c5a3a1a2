"""Decodes pictures of any size and mode, from files that may be broken or malicious.

The result is upright, with 8 bits per channel, RGB or RGBA. `notes` lists all conversions.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, TiffImagePlugin, UnidentifiedImageError

from engine.api.errors import ImageError
from engine.api.formats import FORMATS, PictureFormat
from engine.api.notes import Note
from engine.imaging import color

MAX_PIXELS = 64_000_000
MAX_BYTES = 512 * 1024 * 1024
MIN_SIDE = 16

_ORIENTATION = 0x0112
_BITS_PER_SAMPLE = 258
# Tags of a TIFF besides its EXIF data: its pixel layout, and the data that we keep separately.
_TIFF_LAYOUT = {*range(254, 260), 262, 266, *range(273, 280), 284, *range(317, 326), 330, 338, 339, 347, 34675, 700}


@dataclass(frozen=True)
class Source:
    """A decoded picture with the metadata that must be preserved."""

    name: str
    image: Image.Image
    """Upright, mode RGB or RGBA, in the color space of `icc_profile` (sRGB if there is none)."""
    exif: bytes = b""
    icc_profile: bytes | None = None
    dpi: tuple[float, float] | None = None
    notes: tuple[Note, ...] = ()
    """What the user should know about how the file was read, one sentence each."""

    @property
    def alpha(self) -> Image.Image | None:
        """The transparency as mode L; None if the picture has none."""
        return self.image.getchannel("A") if self.image.mode == "RGBA" else None

    def for_model(self) -> Image.Image:
        """The model's input: RGB in sRGB, transparent parts on white."""
        return color.to_srgb(on_white(self.image), self.icc_profile)


def on_white(image: Image.Image) -> Image.Image:
    """RGB or RGBA -> RGB, with transparent parts on white."""
    if image.mode == "RGB":
        return image
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def read_image(path: Path) -> Source:
    """Reads a picture file of any supported format. Raises ImageError naming the file."""
    try:
        if path.is_dir():
            raise ImageError("image_is_folder", "{path} is a folder.", "Choose a picture in it.", path=path)
        if not path.exists():
            raise ImageError("image_not_found", "There is no file {path}.", "Check the name and the folder.", path=path)
        if not path.is_file():
            raise ImageError("image_not_a_file", "{path} is not a regular file.", "Choose a picture file.", path=path)
        if path.stat().st_size > MAX_BYTES:
            limit = MAX_BYTES // 1024**2
            raise ImageError(
                "image_file_too_large",
                "{path} is larger than {limit} MiB.",
                "Save it compressed.",
                path=path,
                limit=limit,
            )
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(
            "image_unreadable",
            "{path} cannot be read: {reason}.",
            "Check its permissions.",
            path=path,
            reason=error.strerror,
        ) from error
    return decode(data, str(path))


def decode(
    data: bytes, name: str | Note, formats: tuple[PictureFormat, ...] = FORMATS, min_side: int = MIN_SIDE
) -> Source:
    """Decodes a picture of at least `min_side` pixels per side; `name` is used in messages. Raises ImageError.

    The number of pixels is read from the header and checked before any pixel is decoded.
    """
    if not data:
        raise ImageError("image_empty", "{name} is empty (0 bytes).", "Choose another file.", name=name)
    with warnings.catch_warnings():
        # Pillow warns about unusual metadata, which users need not see, and about decompression bombs, which are
        # refused here.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        image = _open(data, name, formats)
        _check_size(image.size, name, min_side)
        try:
            return _read(image, data, name)
        except ImageError:
            raise
        # Pillow's decoders raise nearly every kind of exception on a broken file.
        except Exception as error:
            raise _broken(name) from error


def _open(data: bytes, name: str | Note, formats: tuple[PictureFormat, ...]) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=[item.pillow_name for item in formats])
    except UnidentifiedImageError as error:
        *others, last = (known.label for known in formats)
        raise ImageError(
            "image_unknown",
            "{name} is not a {others} or {last} picture." if others else "{name} is not a {last} picture.",
            "Save it as PNG first.",
            name=name,
            others=", ".join(others),
            last=last,
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(name) from error
    except Exception as error:  # as above
        raise _broken(name) from error


def _broken(name: str | Note) -> ImageError:
    return ImageError(
        "image_broken", "{name} is damaged or incomplete.", "Download or save the picture again.", name=name
    )


def _too_large(name: str | Note, size: tuple[int, int] | None = None) -> ImageError:
    width, height = size or (0, 0)
    return ImageError(
        "image_too_large",
        "{name} is {width}×{height} pixels, which is more than {limit} megapixels."
        if size
        else "{name} is more than {limit} megapixels.",
        "Scale it down and try again.",
        name=name,
        width=width,
        height=height,
        limit=MAX_PIXELS // 10**6,
    )


def _check_size(size: tuple[int, int], name: str | Note, min_side: int) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise _too_large(name, size)
    if min(size) < min_side:
        raise ImageError(
            "image_too_small",
            "{name} is {width}×{height} pixels; the model needs at least {min_side} on each side.",
            "Choose a larger picture.",
            name=name,
            width=size[0],
            height=size[1],
            min_side=min_side,
        )


def _read(image: Image.Image, data: bytes, name: str | Note) -> Source:
    notes = [*_frames_note(image), *_depth_note(image, data)]
    image.load()
    exif = image.getexif()
    upright = ImageOps.exif_transpose(image)
    exif.pop(_ORIENTATION, None)
    for tag in _TIFF_LAYOUT & set(exif) if image.format == "TIFF" else ():
        del exif[tag]
    rgb, profile, color_notes = color.to_rgb(_eight_bits(upright, name), image.info.get("icc_profile"))
    return Source(
        name=str(name),
        image=rgb,
        exif=exif.tobytes() if len(exif) else b"",
        icc_profile=profile,
        dpi=_dpi(image.info.get("dpi")),
        notes=(*notes, *color_notes),
    )


def _frames_note(image: Image.Image) -> list[Note]:
    frames = getattr(image, "n_frames", 1)
    # A phone's JPEG (MPO) contains previews of the same picture, and a PSD's frames are the layers of one picture.
    if frames == 1 or image.format in ("MPO", "PSD"):
        return []
    if image.format == "TIFF":
        return [Note.of("pages", "The file has {count} pages; only the first is used.", count=frames)]
    return [Note.of("frames", "The file is an animation with {count} frames; only the first is used.", count=frames)]


def _depth_note(image: Image.Image, data: bytes) -> list[Note]:
    """Pillow silently reads 16-bit color as 8 bits; only the header shows it."""
    depth = 8
    if image.format == "PNG":
        depth = data[24]
    elif isinstance(image, TiffImagePlugin.TiffImageFile):
        depth = int(np.max(image.tag_v2.get(_BITS_PER_SAMPLE, 8)))
    if depth <= 8:
        return []
    return [Note.of("depth", "The picture has {depth} bits per channel; it is read with 8.", depth=depth)]


def _eight_bits(image: Image.Image, name: str | Note) -> Image.Image:
    if image.mode != "F" and not image.mode.startswith("I"):
        return image
    values = np.asarray(image)
    if image.mode == "F" or values.min() < 0 or values.max() > 65535:
        raise ImageError(
            "image_depth",
            "{name} has 32 bits per channel.",
            "Save it with 8 or 16 bits per channel and try again.",
            name=name,
        )
    return Image.fromarray((values >> 8).astype(np.uint8))


def _dpi(dpi: tuple[float, float] | None) -> tuple[float, float] | None:
    """The print resolution as plain numbers; TIFF has fractions, and broken files have zeros."""
    if dpi is None or not all(0 < float(value) < 1e5 for value in dpi):
        return None
    return float(dpi[0]), float(dpi[1])
