"""The docker with instruction, plan, boxes and candidates. It shows the state of Editing and forwards actions to it."""

from __future__ import annotations

from krita import Canvas, DockWidget, Krita

from engine.api.advice import is_drawable
from engine.api.chain import LIMIT, Box, Chain
from engine.api.language import translate
from plugins.common.words import Progress, plan_line, region_line, short
from plugins.krita.canvas import in_front, show
from plugins.krita.editing import Catalog, Editing
from plugins.krita.keys import Keys, is_enter, with_control, with_shift
from plugins.krita.more import More, button
from plugins.krita.overlay import Overlay
from plugins.krita.preview import Preview
from plugins.krita.qt import Qt, QtCore, QtGui, QtWidgets
from plugins.krita.questions import ask
from plugins.krita.room import take_room

DOCKER = "got_docker"
_THUMBNAIL = QtCore.QSize(96, 96)


class Docker(DockWidget):
    """The docker; Krita creates one for each window."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("GoT")
        self.editing = Editing()
        self.overlay = Overlay(self.editing.select, self.editing.set_chain)
        self._make_widgets()
        self._lay_out()
        self._bind()
        self._keys = Keys(self, self._key_pressed)
        self._show()

    def canvasChanged(self, canvas: Canvas | None) -> None:  # noqa: N802 - Krita's name
        """Krita calls this when another view becomes active, or the last one is closed."""
        self._show_about()

    def showEvent(self, event: QtGui.QShowEvent) -> None:  # noqa: N802 - Qt's name
        super().showEvent(event)
        # later, because Krita restores the windows' places after this
        QtCore.QTimer.singleShot(0, lambda: take_room(self, self.widget().widget().minimumSizeHint().height()))

    # widgets

    def _make_widgets(self) -> None:
        self.instruction = QtWidgets.QPlainTextEdit()
        self.instruction.setPlaceholderText(translate("What should change? For example: make the boat yellow"))
        self.instruction.setAccessibleName(translate("Instruction"))
        self.instruction.setFixedHeight(52)
        self.plan = button(translate("Plan"), translate("Write the plan and show its boxes (Ctrl+Enter)"), self._plan)
        self.apply = button(
            translate("Apply"), translate("Draw the plan as a new layer (Ctrl+Shift+Enter)"), self._apply
        )
        self.cancel = button("✕", translate("Cancel (Esc)"), self.editing.cancel)
        self.cancel.setFixedWidth(32)
        self.about = QtWidgets.QLabel()
        self.about.setWordWrap(True)
        self.show_document = button(
            translate("Show it"), translate("Bring the picture of this plan to the front"), self._show_document
        )
        self.progress = QtWidgets.QProgressBar()
        self.progress.setTextVisible(True)
        self.message = QtWidgets.QLabel()
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.preview = Preview()
        self.boxes = QtWidgets.QListWidget()
        self.boxes.setAccessibleName(translate("Boxes"))
        self.boxes.setFixedHeight(66)
        self.numbers = {name: self._number(name) for name in ("x", "y", "w", "h")}
        self.chain = QtWidgets.QPlainTextEdit()
        self.chain.setAccessibleName(translate("Text of the plan"))
        self.chain.setPlaceholderText(translate("The plan appears here and can be edited."))
        self.chain.setFixedHeight(84)
        self.problem = QtWidgets.QLabel()
        self.problem.setWordWrap(True)
        self.results = QtWidgets.QListWidget()
        self.results.setAccessibleName(translate("Candidates"))
        self.results.setViewMode(QtWidgets.QListView.ViewMode.IconMode)
        self.results.setIconSize(_THUMBNAIL)
        self.results.setFixedHeight(124)
        self.results.setToolTip(
            translate("Click a candidate to add it as a layer; double-click to open it as a new document")
        )
        self.more_button = QtWidgets.QToolButton()
        self.more_button.setText(translate("More"))
        self.more_button.setCheckable(True)
        self.more_button.setAutoRaise(True)
        self.more_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more_button.setArrowType(Qt.ArrowType.RightArrow)
        self.more = More()
        self.engine_state = QtWidgets.QLabel(translate("The engine starts when it is needed."))
        self.engine_state.setWordWrap(True)
        self.start = button(
            translate("Start engine"), translate("Start the engine now and list its models"), self.editing.start_engine
        )

    def _number(self, name: str) -> QtWidgets.QSpinBox:
        box = QtWidgets.QSpinBox()
        box.setPrefix(f"{name} ")
        box.setRange(0, LIMIT)
        box.setToolTip(translate("Thousandths of the picture's width or height"))
        box.setAccessibleName(translate("Box: {name}", name=name))
        box.setButtonSymbols(QtWidgets.QAbstractSpinBox.ButtonSymbols.NoButtons)
        box.valueChanged.connect(self._numbers_changed)
        return box

    def _lay_out(self) -> None:
        inside = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(inside)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(self.instruction)
        column.addLayout(_row(self.plan, self.apply, self.cancel))
        column.addWidget(self.progress)
        column.addWidget(self.message)
        column.addLayout(_row(self.about, self.show_document))
        column.addWidget(self.preview, 1)
        column.addWidget(self.boxes)
        column.addLayout(_row(*self.numbers.values()))
        column.addWidget(self.chain)
        column.addWidget(self.problem)
        column.addWidget(self.results)
        column.addWidget(self.more_button)
        column.addWidget(self.more)
        column.addLayout(_row(self.engine_state, self.start))
        scroll = QtWidgets.QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setWidget(scroll)

    def _bind(self) -> None:
        editing = self.editing
        editing.changed.connect(self._show)
        editing.message.connect(self._say)
        editing.progress_changed.connect(self._show_progress)
        editing.offers_changed.connect(self._show_offers)
        editing.catalog.connect(self._show_catalog)
        self.preview.chain_changed.connect(editing.set_chain)
        self.preview.selected_changed.connect(editing.select)
        self.boxes.currentRowChanged.connect(lambda row: editing.select(row if row >= 0 else None))
        self.chain.textChanged.connect(self._chain_edited)
        self.instruction.textChanged.connect(self._show_about)
        self.results.itemDoubleClicked.connect(lambda item: editing.open_as_document(self.results.row(item)))
        self.results.itemClicked.connect(self._result_clicked)
        self.more_button.toggled.connect(self._show_more)
        self.more.fields["scope"].currentIndexChanged.connect(lambda _: self._show())
        Krita.instance().notifier().applicationClosing.connect(editing.session.close)

    # actions

    def _key_pressed(self, event: QtGui.QKeyEvent) -> bool:
        """Does what a key does in the docker, if the focused widget did not use the key. False: nothing."""
        if is_enter(event) and with_control(event):
            (self.apply if with_shift(event) else self.plan).click()
        elif event.key() == Qt.Key.Key_Escape:
            self.cancel.click()
        elif is_enter(event) and self.results.hasFocus() and self.results.currentItem():
            self._result_clicked(self.results.currentItem())
        elif event.key() == Qt.Key.Key_Delete and self.boxes.hasFocus():
            self.preview.delete_selected()
        else:
            return False
        return True

    def _plan(self) -> None:
        self.editing.plan(self.instruction.toPlainText(), self.more.settings())

    def _apply(self) -> None:
        """Draws the plan. Asks first if the user looks at another picture, or the instruction is another one now."""
        editing, front = self.editing, in_front()
        target = editing.capture.target if editing.capture and editing.chain.text else None
        if target and front and target.document() and not target.is_in_front:
            ask(
                self,
                translate("The plan is for “{name}”, but “{front}” is in front.", name=target.name, front=front.name),
                [
                    (translate("Apply to “{name}”", name=target.name), self._apply_where_planned),
                    (translate("Plan for “{name}”", name=front.name), self._plan),
                ],
            )
        else:
            self._apply_these_words()

    def _apply_where_planned(self) -> None:
        self._show_document()
        self._apply_these_words()

    def _apply_these_words(self) -> None:
        if self._plan_answers:
            self._draw()
        else:
            ask(
                self,
                translate("Draw the plan for “{words}”, or plan again?", words=short(self.editing.origin.instruction)),
                [(translate("Draw this plan"), self._draw), (translate("Plan again"), self._plan)],
            )

    def _draw(self) -> None:
        self.editing.apply(self.instruction.toPlainText(), self.more.settings())

    @property
    def _plan_answers(self) -> bool:
        """Whether the plan, if there is one, is for what the instruction says now."""
        return not self.editing.chain.text or self.editing.origin.answers("edit", self.instruction.toPlainText())

    def _show_document(self) -> None:
        if self.editing.capture:
            show(self.editing.capture.target)

    def _chain_edited(self) -> None:
        self.editing.set_chain(Chain(self.chain.toPlainText()))

    def _numbers_changed(self) -> None:
        id = self.editing.selected
        x, y, w, h = (self.numbers[name].value() for name in "xywh")
        if id is not None and w > 0 and h > 0 and x + w <= LIMIT and y + h <= LIMIT:
            self.editing.set_chain(self.editing.chain.resize(id, Box(x, y, x + w, y + h)))

    def _result_clicked(self, item: QtWidgets.QListWidgetItem) -> None:
        row = self.results.row(item)
        if len(self.editing.offers) > 1:  # a single candidate is inserted already, if possible
            show(self.editing.offers[row].capture.target)
            self.editing.take(row)

    # display

    def _show(self) -> None:
        editing = self.editing
        busy = editing.busy
        for widget in (self.plan, self.start):
            widget.setEnabled(not busy)
        self.cancel.setEnabled(busy)
        self.progress.setVisible(busy)
        self.chain.setReadOnly(busy)
        capture, chain = editing.capture, editing.chain
        self.preview.show_picture(capture.pixels if capture else None)
        self.preview.show_chain(chain, editing.selected)
        if self.chain.toPlainText() != chain.text:
            _silently(self.chain, lambda: self.chain.setPlainText(chain.text))
        _silently(self.boxes, self._list_boxes)
        self._show_numbers()
        everywhere = self.more.values()["scope"] == "whole"
        self.apply.setEnabled(not busy and (not chain.text or is_drawable(chain, editing.origin, everywhere)))
        line = "" if busy else plan_line(chain, editing.origin, everywhere)
        self.problem.setText(line)
        self.problem.setVisible(bool(line))
        self._show_about()
        self.results.setVisible(bool(editing.offers))
        self.more.setVisible(self.more_button.isChecked())
        if capture and chain.boxes:
            self.overlay.show(capture.target, capture.area, chain, editing.selected)
        else:
            self.overlay.hide()

    def _show_about(self) -> None:
        """Shows what the plan is for, and which button comes next: Plan, until there is a plan for these words."""
        editing = self.editing
        target = editing.capture.target if editing.capture and editing.chain.text else None
        elsewhere = target is not None and target.document() is not None and not target.is_in_front
        words, name = short(editing.origin.instruction), target.name if target else ""
        line = translate("Plan for “{words}” in “{name}”", words=words, name=name)
        self.about.setText(line if words else translate("Plan for “{name}”", name=name))
        self.about.setVisible(target is not None)
        self.show_document.setVisible(elsewhere)
        plan_next = target is None or elsewhere or not self._plan_answers
        _embolden(self.plan, plan_next)
        _embolden(self.apply, not plan_next)
        _embolden(self.about, elsewhere or not self._plan_answers)

    def _list_boxes(self) -> None:
        self.boxes.clear()
        for region in self.editing.chain.boxes:
            self.boxes.addItem(region_line(region))
        self.boxes.setCurrentRow(-1 if self.editing.selected is None else self.editing.selected)

    def _show_numbers(self) -> None:
        id = self.editing.selected
        box = self.editing.chain.boxes[id].box if id is not None else None
        values = (box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1) if box else (0, 0, 0, 0)
        for widget, value in zip(self.numbers.values(), values, strict=True):
            widget.setEnabled(box is not None and not self.editing.busy)
            _silently(widget, lambda widget=widget, value=value: widget.setValue(value))

    def _show_progress(self, progress: Progress) -> None:
        self.progress.setRange(0, 0 if progress.part is None else 1000)
        self.progress.setValue(round(1000 * (progress.part or 0)))
        self.progress.setFormat(progress.text)
        self._say(progress.text, False)

    def _show_offers(self) -> None:
        self.results.clear()
        for offer in self.editing.offers:
            keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            small = QtGui.QPixmap.fromImage(offer.result.whole.scaled(_THUMBNAIL, keep, smooth))
            self.results.addItem(
                QtWidgets.QListWidgetItem(QtGui.QIcon(small), translate("seed {seed}", seed=offer.result.seed))
            )

    def _show_catalog(self, catalog: Catalog | None) -> None:
        if catalog is None:
            self.engine_state.setText(translate("No engine is running."))
            return
        self.more.show_catalog(catalog.models, catalog.adapters)
        self.engine_state.setText(translate("Engine {version} is running.", version=catalog.version))

    def _show_more(self, visible: bool) -> None:
        self.more.setVisible(visible)
        self.more_button.setArrowType(Qt.ArrowType.DownArrow if visible else Qt.ArrowType.RightArrow)

    def _say(self, words: str, is_error: bool) -> None:
        self.message.setText(words)
        _embolden(self.message, is_error)


def _embolden(widget: QtWidgets.QWidget, bold: bool) -> None:
    font = widget.font()
    font.setBold(bold)
    widget.setFont(font)


def _row(*widgets: QtWidgets.QWidget) -> QtWidgets.QHBoxLayout:
    row = QtWidgets.QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget)
    return row


def _silently(widget: QtWidgets.QWidget, change: object) -> None:
    """Changes a widget without emitting its signals, because the change is not the user's."""
    blocked = widget.blockSignals(True)
    change()  # type: ignore[operator]
    widget.blockSignals(blocked)
