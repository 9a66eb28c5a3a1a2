"""Building blocks of reports: the style of HTML pages, their pictures, and contact sheets."""

from __future__ import annotations

import base64
import io

from PIL import Image, ImageDraw

from engine.api.chain import COLORS, Chain

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
:root { color-scheme: light dark; }
table { border-collapse: collapse; } td, th { padding: .3rem .8rem; text-align: right; border-bottom: 1px solid #8884; }
td:first-child, th:first-child { text-align: left; }
figure { display: inline-block; width: 24rem; margin: .5rem; vertical-align: top; }
figure img { width: 100%; image-rendering: pixelated; }
figcaption { font-size: 13px; } code { font-size: 11px; opacity: .7; word-break: break-word; }
"""
_THUMBNAIL = 160
"""Longer side of a thumbnail, in pixels."""


def data_url(picture: Image.Image) -> str:
    """Returns the picture as a PNG data URL, so that a page is a single file."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def thumbnail(image: Image.Image, chain: str) -> Image.Image:
    """Returns a thumbnail of the picture with the chain's boxes drawn in their colors."""
    picture = image.copy()
    picture.thumbnail((_THUMBNAIL, _THUMBNAIL))
    draw = ImageDraw.Draw(picture)
    for region in Chain.parse(chain).boxes:
        draw.rectangle(
            region.box.pixels(*picture.size), outline=COLORS.get(region.color or "", (128, 128, 128)), width=2
        )
    return picture


def sheet_of(rows: list[list[Image.Image]]) -> Image.Image:
    """Returns one picture with a row for each sample, its pictures side by side."""
    width = max(sum(p.width + 4 for p in row) for row in rows)
    height = sum(max(p.height for p in row) + 4 for row in rows)
    sheet, top = Image.new("RGB", (width, height), "white"), 0
    for row in rows:
        left = 0
        for picture in row:
            sheet.paste(picture, (left, top))
            left += picture.width + 4
        top += max(p.height for p in row) + 4
    return sheet
