"""Color spaces: from whatever a file holds to RGB, and between the source's profile and the model's sRGB."""

from __future__ import annotations

import io

from PIL import Image, ImageCms

from engine.api.notes import Note

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def to_rgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, bytes | None, list[Note]]:
    """An 8-bit picture of any mode -> (RGB or RGBA, the profile that still holds for it, notes).

    RGB pixels and their profile pass through untouched; other color spaces become sRGB.
    """
    opened, notes = _open(profile)
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    rgb, kept = _without_alpha(image, profile, opened, notes)
    if alpha is not None:
        rgb.putalpha(alpha)
    return rgb, kept, notes


def _without_alpha(
    image: Image.Image, profile: bytes | None, opened: ImageCms.ImageCmsProfile | None, notes: list[Note]
) -> tuple[Image.Image, bytes | None]:
    space = _space(opened) if opened else ""
    if image.mode == "CMYK":
        notes.append(Note.of("cmyk", "The picture is in CMYK; it is read and saved as RGB."))
        if opened and space == "CMYK":
            return _convert(image, opened, SRGB), None
        return image.convert("RGB"), None
    if image.mode == "LAB":
        notes.append(Note.of("lab", "The picture is in Lab; it is read and saved as RGB."))
        return _convert(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), SRGB), None
    if image.mode in ("L", "LA") and opened and space == "GRAY":
        return _convert(image.getchannel("L"), opened, SRGB), None
    # A palette or a color key is looked up first, so that hidden colors under transparency stay as they are.
    rgb = image.convert("RGBA").convert("RGB") if image.has_transparency_data else image.convert("RGB")
    return rgb, profile if space == "RGB" else None


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB in the profile's space -> RGB in sRGB."""
    opened, _ = _open(profile)
    return _convert(image, opened, SRGB) if opened else image


def from_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB in sRGB -> RGB in the profile's space."""
    opened, _ = _open(profile)
    return _convert(image, SRGB, opened) if opened else image


def _space(opened: ImageCms.ImageCmsProfile) -> str:
    """ "RGB", "GRAY", "CMYK", …: what the profile describes."""
    profile = opened.profile
    assert isinstance(profile, ImageCms.core.CmsProfile)
    return profile.xcolor_space.strip()


def _convert(image: Image.Image, source: ImageCms.ImageCmsProfile, target: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    assert converted is not None  # it is None only when converting in place
    return converted


def _open(profile: bytes | None) -> tuple[ImageCms.ImageCmsProfile | None, list[Note]]:
    if not profile:
        return None, []
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(profile)), []
    except (OSError, ImageCms.PyCMSError):
        return None, [Note.of("profile", "The color profile is damaged; the picture is read as sRGB.")]
