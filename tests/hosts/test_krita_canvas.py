"""Boxes are edited on Krita's own canvas with a real mouse, and Krita's tools still work inside them."""

import pytest

from tests.hosts.krita import Krita


@pytest.mark.parametrize("renderer", ["none", "auto"])  # Krita's painter canvas, and OpenGL, which users have
def test_boxes_are_dragged_on_the_canvas_and_the_brush_paints_inside_them(krita: Krita, renderer: str):
    krita.draw_by(renderer)
    notes = krita.run("canvas")
    assert notes["chosen"] == 1
    leaf, stone = notes["resized"]
    assert leaf == [100, 100, 400, 400] and stone[:2] == [500, 500] and stone[2] < 900 and stone[3] < 900
    leaf, moved = notes["moved"]
    assert leaf == [100, 100, 400, 400] and moved[0] < 500
    assert [moved[2] - moved[0], moved[3] - moved[1]] == [stone[2] - stone[0], stone[3] - stone[1]]
    assert notes["untouched"] == [True, 0]
    assert notes["painted"] == ["Freehand Brush Stroke", True, True]
    assert notes["zoomed"]
