"""Color spaces: from any file to RGB, and between the source's profile and the model's sRGB."""

from __future__ import annotations

import io

from PIL import Image, ImageCms

from engine.api.notes import Note

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def to_rgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, bytes | None, list[Note]]:
    """An 8-bit picture of any mode -> (RGB or RGBA, its valid profile, notes).

    RGB pixels and their profile are returned unchanged; other color spaces are converted to sRGB.
    """
    parsed_profile, notes = _open(profile)
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    rgb, valid_profile = _without_alpha(image, profile, parsed_profile, notes)
    if alpha is not None:
        rgb.putalpha(alpha)
    return rgb, valid_profile, notes


def _without_alpha(
    image: Image.Image, profile: bytes | None, parsed_profile: ImageCms.ImageCmsProfile | None, notes: list[Note]
) -> tuple[Image.Image, bytes | None]:
    space = _space(parsed_profile) if parsed_profile else ""
    if image.mode == "CMYK":
        notes.append(Note.of("cmyk", "The picture is in CMYK; it is read and saved as RGB."))
        if parsed_profile and space == "CMYK":
            return _convert(image, parsed_profile, SRGB), None
        return image.convert("RGB"), None
    if image.mode == "LAB":
        notes.append(Note.of("lab", "The picture is in Lab; it is read and saved as RGB."))
        return _convert(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), SRGB), None
    if image.mode in ("L", "LA") and parsed_profile and space == "GRAY":
        return _convert(image.getchannel("L"), parsed_profile, SRGB), None
    # Palettes and color keys are resolved first, so that colors under transparent pixels are kept.
    rgb = image.convert("RGBA").convert("RGB") if image.has_transparency_data else image.convert("RGB")
    return rgb, profile if space == "RGB" else None


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB in the profile's space -> RGB in sRGB."""
    parsed_profile, _ = _open(profile)
    return _convert(image, parsed_profile, SRGB) if parsed_profile else image


def from_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB in sRGB -> RGB in the profile's space."""
    parsed_profile, _ = _open(profile)
    return _convert(image, SRGB, parsed_profile) if parsed_profile else image


def _space(parsed_profile: ImageCms.ImageCmsProfile) -> str:
    """The profile's color space: "RGB", "GRAY", "CMYK", …"""
    profile = parsed_profile.profile
    assert isinstance(profile, ImageCms.core.CmsProfile)
    return profile.xcolor_space.strip()


def _convert(image: Image.Image, source: ImageCms.ImageCmsProfile, target: ImageCms.ImageCmsProfile) -> Image.Image:
    result = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    assert result is not None  # None only when converting in place
    return result


def _open(profile: bytes | None) -> tuple[ImageCms.ImageCmsProfile | None, list[Note]]:
    if not profile:
        return None, []
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(profile)), []
    except (OSError, ImageCms.PyCMSError):
        return None, [Note.of("profile", "The color profile is damaged; the picture is read as sRGB.")]
