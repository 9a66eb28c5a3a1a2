"""The metrics give known values for colors, noise and boxes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.api.chain import Box
from training.measures import deviation, iou, lab, psnr


def test_lab_and_psnr_have_known_values():
    assert lab(np.array([[255.0, 255, 255]]))[0] == pytest.approx([100, 0, 0], abs=0.1)
    assert lab(np.array([[255.0, 0, 0]]))[0] == pytest.approx([53.2, 80.1, 67.2], abs=0.6)
    black, gray = np.zeros((128, 128, 3), np.uint8), np.full((128, 128, 3), 16, np.uint8)
    assert psnr(black, gray) == pytest.approx(10 * np.log10(255**2 / 16**2))


def test_iou_and_deviation_of_boxes_have_known_values():
    expected = [Box(0, 0, 100, 100)]
    assert iou(expected, [Box(0, 0, 50, 100), Box(500, 500, 600, 600)]) == pytest.approx(0.5)
    assert iou([], expected) is None
    assert iou(expected, []) == 0
    assert deviation(expected, [Box(300, 400, 400, 500)]) == pytest.approx(0.5)
    assert deviation(expected, []) is None
