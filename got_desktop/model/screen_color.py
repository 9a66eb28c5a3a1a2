"""Pictures in the colors of the screen.

Qt does not tell a screen's profile, so screens are taken to show sRGB, as systems do where no profile is known.
"""

from __future__ import annotations

import io

from PIL import Image, ImageCms

from got_desktop.model.layers import STRIP

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def for_screen(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB or RGBA in the profile's color space, or in sRGB without one -> the same in the screen's. Slow."""
    transform = _transform(profile) if profile else None
    if transform is None:
        return image
    whole = Image.new(image.mode, image.size, None)  # type: ignore[arg-type] - None: not filled
    for top in range(0, image.height, STRIP):
        box = (0, top, image.width, min(image.height, top + STRIP))
        part = image.crop(box)
        shown = part.convert("RGB")
        ImageCms.applyTransform(shown, transform, inPlace=True)
        if image.mode == "RGBA":
            shown.putalpha(part.getchannel("A"))
        whole.paste(shown, box)
    return whole


def _transform(profile: bytes) -> ImageCms.ImageCmsTransform | None:
    """None if the profile cannot be used; a note said so when the file was read."""
    try:
        return ImageCms.buildTransform(ImageCms.ImageCmsProfile(io.BytesIO(profile)), _SRGB, "RGB", "RGB")
    except (OSError, ImageCms.PyCMSError):
        return None
