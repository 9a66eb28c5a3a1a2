"""The list of a turn's boxes, and the phrase and numbers of the selected one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QColor, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QListWidget, QListWidgetItem, QWidget

from engine.api.chain import COLORS
from got_desktop.model.session import Session
from got_desktop.ui import geometry, theme
from got_desktop.ui.badges import SIDE, badge
from got_desktop.ui.controls import Choice, column, label, number, quiet, row, tool
from got_desktop.ui.geometry import Rect
from got_desktop.ui.icons import icon

_ID = Qt.ItemDataRole.UserRole
_PLACES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class _List(QListWidget):
    """Del deletes the selected box; Alt with an arrow key, or dragging, moves it in the list."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session, self.review = session, session.review
        self.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's names, here and below
        selected, alt = self.review.selected, event.modifiers() == Qt.KeyboardModifier.AltModifier
        if selected is None or self.session.work.draft is not None:
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Delete:
            self.review.delete_box(selected)
        elif alt and event.key() in _PLACES:
            self.review.shift_box(selected, _PLACES[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Moves the box in the plan, which refills the list."""
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        if self.review.selected is not None and self.session.work.draft is None:
            self.move_to(self._place_at(event.position().toPoint()))

    def _place_at(self, point: QPoint) -> int:
        """The row before which a drop at that point inserts."""
        row = self.indexAt(point).row()
        if row < 0:
            return self.count()
        return row + (point.y() > self.visualItemRect(self.item(row)).center().y())

    def move_to(self, place: int) -> None:
        """Moves the selected box before that row."""
        row = self.currentRow()
        by = place - row - (place > row)
        if by and self.review.selected is not None:
            self.review.shift_box(self.review.selected, by)


class BoxPanel(QWidget):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session, self.review = session, session.review
        self.list = _List(session)
        self.list.setAccessibleName(self.tr("Boxes"))
        self.list.setToolTip(self.tr("Drag, or press Alt+Up or Alt+Down, to reorder. Colors follow the order."))
        self.list.setIconSize(QSize(SIDE, SIDE))
        self.list.currentRowChanged.connect(self._select_row)
        self.none = label(self.tr("No boxes yet. Plan, or press R to draw one."), "muted")
        self.phrase = QLineEdit()
        self.phrase.setPlaceholderText(self.tr("What is in the box"))
        self.phrase.setAccessibleName(self.tr("What is in the box"))
        self.phrase.editingFinished.connect(self._rename)
        self.meaning = Choice(elastic=True)
        self.meaning.setAccessibleName(self.tr("Role of the box"))
        self.meaning.addItem(self.tr("Reasoned about only"), None)
        for color in COLORS:
            self.meaning.addItem(self.tr("Edit region ({color})").format(color=color), color)
        self.meaning.activated.connect(self._recolor)
        names = {"x": self.tr("Left"), "y": self.tr("Top"), "w": self.tr("Width"), "h": self.tr("Height")}
        self.numbers = {key: number(0, 100_000, name) for key, name in names.items()}
        self.detail = self._detail()
        self.setLayout(column(self.none, self.list, self.detail))
        session.document.changed.connect(self.follow)
        session.work.draft_changed.connect(self.follow)
        session.review.turn_changed.connect(self.follow)
        session.review.selection_changed.connect(self._show_selection)
        self.follow()

    def _detail(self) -> QWidget:
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(6)
        for place, spin in enumerate(self.numbers.values()):
            spin.setSuffix(" px")
            spin.setMinimumWidth(72)
            spin.setKeyboardTracking(False)
            spin.valueChanged.connect(self._renumber)
            grid.addWidget(label(spin.accessibleName(), "", spin), place // 2, 2 * (place % 2))
            grid.addWidget(spin, place // 2, 2 * (place % 2) + 1)
            grid.setColumnStretch(2 * (place % 2) + 1, 1)
        self.eye = tool("eye", self.tr("Show in the picture"), self._toggle_eye, checkable=True)
        self.lock = tool("lock", self.tr("Lock (no dragging)"), self._toggle_lock, checkable=True)
        copy = tool("copy", self.tr("Duplicate (Ctrl+D)"), lambda: self._apply_to_selected(self.review.duplicate_box))
        drop = tool("trash", self.tr("Delete (Del)"), lambda: self._apply_to_selected(self.review.delete_box))
        detail = QWidget()
        detail.setLayout(
            column(row(self.phrase), self.meaning, grid, row(self.eye, self.lock, copy, drop, 1), spacing=6)
        )
        return detail

    # following

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.follow()

    def follow(self) -> None:
        boxes = self.review.plan.boxes(self.review.turn)
        with quiet(self.list):
            self.list.clear()
            for place, (index, region, mark) in enumerate(boxes, 1):
                item = QListWidgetItem(badge(place, region.is_mask, mark.by_user), region.phrase or "–")
                item.setData(_ID, index)
                meaning = self.tr("edit region") if region.is_mask else self.tr("reasoned about")
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{place}: {region.phrase}, {meaning}")
                item.setToolTip(f"{region.phrase}: {meaning}")
                if mark.hidden:
                    item.setForeground(QColor(theme.colors().muted))
                self.list.addItem(item)
        self.none.setVisible(not boxes)
        self.list.setVisible(bool(boxes))
        self.list.setFixedHeight(min(5, max(1, len(boxes))) * (SIDE + 8) + 8)
        self._show_selection()

    def _show_selection(self) -> None:
        index, plan = self.review.selected, self.review.plan
        rows = [self.list.item(n).data(_ID) for n in range(self.list.count())]
        with quiet(self.list):
            self.list.setCurrentRow(rows.index(index) if index in rows else -1)
        visible = index is not None and index in rows
        self.detail.setVisible(visible)
        if not visible or index is None:
            return
        region, mark = plan.chain.boxes[index], plan.marks[index]
        self.detail.setEnabled(self.session.work.draft is None)
        left, top, *_ = self.review.frame
        rect = self._rounded(geometry.rect_of(region.box, self._size()).moved(left, top))
        with quiet(*self.numbers.values(), self.phrase, self.meaning, self.eye, self.lock):
            if not self.phrase.hasFocus() or self.phrase.text() == "":
                self.phrase.setText(region.phrase)
            self.meaning.setCurrentIndex(max(0, self.meaning.findData(region.color)))
            for spin, value in zip(self.numbers.values(), rect, strict=True):
                spin.setValue(value)
            self.eye.setChecked(not mark.hidden)
            self.eye.setIcon(icon("eye-off" if mark.hidden else "eye"))
            self.lock.setChecked(mark.locked)
            self.lock.setIcon(icon("lock" if mark.locked else "unlock"))

    def _size(self) -> tuple[int, int]:
        """The size of the part of the picture that the boxes refer to; without a picture, the chain's units."""
        left, top, right, bottom = self.review.frame
        return right - left, bottom - top

    def _rounded(self, rect: Rect) -> tuple[int, int, int, int]:
        return round(rect.left), round(rect.top), round(rect.width), round(rect.height)

    # user actions

    def _select_row(self, place: int) -> None:
        self.review.select(self.list.item(place).data(_ID) if place >= 0 else None)

    def _apply_to_selected(self, action: object) -> None:
        if self.review.selected is not None and callable(action):
            action(self.review.selected)

    def _rename(self) -> None:
        index, plan, phrase = self.review.selected, self.review.plan, self.phrase.text().strip()
        if index is not None and self.session.work.draft is None and phrase not in ("", plan.chain.boxes[index].phrase):
            self.review.replan(plan.renamed(index, phrase), self.tr("Rename box"))

    def _recolor(self) -> None:
        index = self.review.selected
        if index is not None:
            plan = self.review.plan.recolored(index, self.meaning.currentData())
            self.review.replan(plan, self.tr("Change the box's role"))

    def _renumber(self) -> None:
        index = self.review.selected
        if index is None or self.session.work.draft is not None:
            return
        x, y, w, h = (spin.value() for spin in self.numbers.values())
        left, top, *_ = self.review.frame
        x, y = x - left, y - top
        rect = geometry.spanned((x, y), (x + w, y + h), self._size())
        self.review.resize_box(index, geometry.box_of(rect, self._size()), run="numbers")

    def _toggle_eye(self) -> None:
        self._mark(hidden=not self.eye.isChecked())

    def _toggle_lock(self) -> None:
        self._mark(locked=self.lock.isChecked())

    def _mark(self, **change: bool) -> None:
        index = self.review.selected
        if index is not None and self.session.work.draft is None:
            self.review.replan(self.review.plan.marked(index, **change), self.tr("Show, hide or lock box"))
