"""A comparison sheet: source, plan and result of an edit side by side, with captions."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from engine.imaging.overlay import INK, MUTED, PAPER, font, shortened

_PANEL = 480  # side of the square that each picture is fitted to
_GAP = 28
_MARGIN = 36
_DESK = (244, 243, 240)
_EDGE = (214, 212, 206)


def comparison_sheet(
    pictures: Sequence[tuple[str, Image.Image]], title: str, text: str, footer: str = ""
) -> Image.Image:
    """A sheet of RGB pictures in a row, each above its caption; the instruction as `title`, the chain as `text`."""
    panels = [(caption, _fitted(picture)) for caption, picture in pictures]
    width = 2 * _MARGIN + sum(picture.width for _, picture in panels) + _GAP * (len(panels) - 1)
    row_height = max(picture.height for _, picture in panels)
    lines = wrapped(text, font(19), width - 2 * _MARGIN)
    top = _MARGIN + 58
    text_top = top + row_height + 62
    height = text_top + 28 * len(lines) + (36 if footer else 0) + _MARGIN
    sheet = Image.new("RGB", (width, height), _DESK)
    draw = ImageDraw.Draw(sheet)
    draw.text((_MARGIN, _MARGIN), shortened(f"“{title}”", font(32), width - 2 * _MARGIN), INK, font(32), "lt")
    left = _MARGIN
    for caption, picture in panels:
        draw.rectangle((left - 1, top - 1, left + picture.width, top + picture.height), fill=PAPER, outline=_EDGE)
        sheet.paste(picture, (left, top))
        caption = shortened(caption, font(19), picture.width)
        draw.text((left + picture.width / 2, top + row_height + 22), caption, MUTED, font(19), "mm")
        left += picture.width + _GAP
    for index, line in enumerate(lines):
        draw.text((_MARGIN, text_top + 28 * index), line, INK, font(19), "lt")
    if footer:
        draw.text((_MARGIN, height - _MARGIN), shortened(footer, font(15), width - 2 * _MARGIN), MUTED, font(15), "lb")
    return sheet


def _fitted(picture: Image.Image) -> Image.Image:
    """The picture, scaled so that its longer side fills the panel."""
    scale = _PANEL / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def wrapped(text: str, typeface: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """The text in lines of at most `width` pixels, broken between words if possible."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}".lstrip()
            if line and typeface.getlength(longer) > width:
                lines.append(line)
                longer = word
            line = shortened(longer, typeface, width)
        lines.append(line)
    return lines
