"""Wheel and mouse over the app's window."""

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QAbstractSlider, QAbstractSpinBox, QComboBox, QScrollBar, QWidget

from engine.api.chain import Box
from tests.got_desktop.app.conftest import Window
from tests.hosts.app.conftest import activate
from tests.hosts.app.test_files import take_layer


def value_fields(window: Window) -> list[QWidget]:
    """Everything with a value that a wheel could change, and that the user can see."""
    fields = [
        *window.findChildren(QAbstractSlider),
        *window.findChildren(QAbstractSpinBox),
        *window.findChildren(QComboBox),
    ]
    return [
        field
        for field in fields
        if not isinstance(field, QScrollBar)
        and field.isVisible()
        and field.isEnabled()
        and field.visibleRegion().contains(field.rect().center())
    ]


def test_the_wheel_changes_only_the_field_with_the_focus(sea, qtbot, user):
    activate(sea, qtbot)
    take_layer(sea)
    drawing = sea.session.preferences.drawing
    fields = value_fields(sea)
    opacity = sea.editor.layers.opacity
    assert opacity in fields and sum(isinstance(field, QAbstractSlider) for field in fields) > 2
    for field in fields:
        if field.visibleRegion().contains(field.rect().center()):  # it may have been scrolled away
            user.wheel(field, -1)
            user.wheel(field, 1)
            user.wheel(field, 1)
    assert sea.session.preferences.drawing == drawing
    assert sea.session.document.state.layers[0].opacity == 1.0
    user.click(opacity, QPointF(opacity.width() / 2, opacity.height() / 2))
    qtbot.waitUntil(lambda: opacity.hasFocus())
    before = opacity.value()
    user.wheel(opacity, -2)
    qtbot.waitUntil(lambda: opacity.value() < before)


def test_a_drag_inside_the_chosen_box_moves_it_and_a_click_chooses_the_one_on_it(sea, qtbot, user):
    activate(sea, qtbot)
    session, canvas = sea.session, sea.editor.canvas
    session.review.add_box(Box(400, 400, 500, 500), "small")
    session.review.add_box(Box(200, 200, 800, 800), "large")
    assert session.review.selected == 1
    small, large = (region.box for region in session.review.plan.chain.boxes)
    middle = QPointF(*canvas.shown_boxes()[0].rect.center)
    user.drag(canvas, middle, middle + QPointF(40, 20))
    qtbot.waitUntil(lambda: session.review.plan.chain.boxes[1].box != large)
    moved = session.review.plan.chain.boxes[1].box
    assert session.review.plan.chain.boxes[0].box == small and session.review.selected == 1
    user.drag(canvas, middle, middle + QPointF(1, 1))  # a click by a hand that is not quite still
    qtbot.waitUntil(lambda: session.review.selected == 0)
    assert [region.box for region in session.review.plan.chain.boxes] == [small, moved]
    aside = middle + QPointF(12, 12)  # the same place again would be a double-click
    user.drag(canvas, aside, aside + QPointF(40, 20))  # now the small one is the chosen one
    qtbot.waitUntil(lambda: session.review.plan.chain.boxes[0].box != small)
    assert session.review.plan.chain.boxes[1].box == moved
    session.review.select(1)
    session.review.replan(session.review.plan.marked(1, locked=True), "")
    before = session.review.plan.text
    user.drag(canvas, middle + QPointF(-60, -60), middle + QPointF(0, 0))
    assert session.review.plan.text == before and session.review.selected == 1
