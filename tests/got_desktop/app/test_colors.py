"""Pictures with a color profile, as the app shows them."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms
from PySide6.QtGui import QColorSpace

from engine.api.chain import IM_GEN_START, Box, format_box
from got_desktop.model import pictures, raster
from got_desktop.model.plan import Plan
from got_desktop.model.results import THUMBNAIL
from got_desktop.ui.geometry import View
from tests.got_desktop.app.conftest import open_picture, wait_for_results

NAMES = (QColorSpace.NamedColorSpace.AdobeRgb, QColorSpace.NamedColorSpace.DisplayP3)
ROUNDING = 1


def wide_picture(path, name: QColorSpace.NamedColorSpace, mode: str) -> Image.Image:
    """Saves a picture with strong colors and that profile; returns what a screen has to show, by Pillow."""
    profile = bytes(QColorSpace(name).iccProfile().data())
    across, down = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(128, dtype=np.uint8))
    image = Image.fromarray(np.dstack([across, 2 * down, 255 - across]))
    shown = ImageCms.profileToProfile(
        image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    if mode == "RGBA":
        image.putalpha(255)
    image.save(path, icc_profile=profile)
    assert shown is not None and np.abs(pixels(shown) - pixels(image)).max() > 20  # it is not the same without
    return shown


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("name", NAMES)
def test_the_canvas_shows_a_pictures_colors(window, qtbot, tmp_path, name, mode):
    shown = wide_picture(tmp_path / "wide.png", name, mode)
    open_picture(window, qtbot, tmp_path / "wide.png")
    canvas = window.editor.canvas
    canvas.view = View(1.0, 40.0, 60.0)  # each pixel on one of the screen's
    grabbed = raster.from_qimage(canvas.grab().toImage())
    part = grabbed.crop((40 + 4, 60 + 4, 40 + 252, 60 + 124))  # without the frame of the focus
    assert np.abs(pixels(part) - pixels(shown)[4:124, 4:252]).max() <= ROUNDING
    level = raster.from_qimage(window.session.display.pyramid.levels[0])
    assert np.abs(pixels(level) - pixels(shown)).max() <= ROUNDING


def test_results_show_a_pictures_colors(window, qtbot, tmp_path):
    shown = wide_picture(tmp_path / "wide.png", NAMES[0], "RGB")
    open_picture(window, qtbot, tmp_path / "wide.png")
    box = format_box(Box(0, 0, 100, 100), "red")
    window.session.review.replan(Plan.of(f"The corner {box} becomes purple.{IM_GEN_START}"), "")
    window.session.preferences.draw_with(candidates=2, steps=1)
    window.session.preferences.instruction = "make the corner purple"
    window.editor.run_apply()
    wait_for_results(window, qtbot)
    candidate, canvas = window.session.work.results.candidates[0], window.editor.canvas
    thumbnail = Image.open(io.BytesIO(candidate.thumbnail))
    right = (slice(None), slice(128, None))  # far from the edit
    for pyramid in (canvas.before, canvas.after, candidate.overview, window.session.work.results.original):
        assert np.abs(pixels(raster.from_qimage(pyramid.levels[0])) - pixels(shown))[right].max() <= ROUNDING
    small = shown.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    assert np.abs(pixels(thumbnail) - pixels(small))[:, THUMBNAIL // 2 :].mean() < 4  # it is a JPEG


def test_a_thumbnail_shows_no_hidden_colors():
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    thumbnail = Image.open(io.BytesIO(pictures.thumbnail(image, 32, None)))
    assert pixels(thumbnail).min() >= 254
