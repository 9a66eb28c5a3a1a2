"""The unfinished picture is shown where it will be: in the boxes of the edit."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QImage

from engine.api.chain import IM_GEN_START, Box, format_box
from engine.imaging.fit import Fit
from got_desktop.model.plan import Plan

CAR = f"A car {format_box(Box(250, 500, 750, 900), 'red')} becomes purple.{IM_GEN_START}"


def pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3].copy()


@pytest.mark.parametrize("scope", ["boxes", "whole"])
def test_an_edit_grows_in_its_boxes(sea, qtbot, scope: str):
    canvas, session = sea.editor.canvas, sea.session
    session.preferences.draw_with(scope=scope, steps=12)
    session.review.replan(Plan.of(CAR), "")
    sea.editor.run_apply()
    qtbot.waitUntil(lambda: canvas.preview is not None)
    preview = canvas.preview
    sea.session.work.cancel()
    qtbot.waitUntil(lambda: not session.work.busy)
    canvas.show_preview(preview)
    during = pixels(canvas.grab().toImage())
    canvas.show_preview(None)
    changed = (during != pixels(canvas.grab().toImage())).any(axis=2)
    left, top, right, bottom = (round(value) for value in box_on_screen(canvas))
    assert changed[top + 4 : bottom - 4, left + 4 : right - 4].mean() > 0.5
    outside = changed.copy()
    outside[top - 1 : bottom + 1, left - 1 : right + 1] = False
    assert outside.any() == (scope == "whole")


def box_on_screen(canvas) -> tuple[float, float, float, float]:
    rect = canvas.shown_boxes()[0].rect
    return rect.left, rect.top, rect.right, rect.bottom


def test_a_preview_has_the_pictures_shape_without_the_canvass_borders():
    fit = Fit.pad((300, 200), (128, 128))
    canvas = fit.place(Image.new("RGB", (300, 200), (200, 30, 30)))
    small = canvas.resize((96, 96))
    assert fit.crop_scaled(small).size == (96, 64) and fit.crop_scaled(canvas).size == fit.content
