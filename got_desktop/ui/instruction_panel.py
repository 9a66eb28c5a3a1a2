"""The left panel: instruction, drawing options, and the three stages Plan, Review and Apply."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QFrame,
    QInputDialog,
    QPlainTextEdit,
    QProgressBar,
    QStackedWidget,
    QWidget,
)

from engine.api.protocol import MAX_INSTRUCTION
from got_desktop.model.session import Session
from got_desktop.model.settings import Preset
from got_desktop.ui.activity_words import say_activity
from got_desktop.ui.controls import Choice, Segments, button, column, frame, label, line, quiet, row, scrolled, tool
from got_desktop.ui.drawing_panel import DrawingPanel


class Stages(QFrame):
    """Plan, Review, Apply: the current stage is bold and highlighted."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "stages")
        self.names = [self.tr("1  Plan"), self.tr("2  Review"), self.tr("3  Apply")]
        self.labels = [label(name) for name in self.names]
        for stage_label in self.labels:
            stage_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setLayout(row(*self.labels, spacing=4))
        self.now = -1
        self.show_stage(0)

    def show_stage(self, stage: int) -> None:
        if stage == self.now:
            return
        self.now = stage
        for number, stage_label in enumerate(self.labels):
            stage_label.setProperty("stage", "now" if number == stage else "done" if number < stage else "next")
            stage_label.style().unpolish(stage_label)
            stage_label.style().polish(stage_label)
        self.setAccessibleName(self.tr("Stage: {name}").format(name=self.names[stage]))


class _OneOf(QStackedWidget):
    """Always as high as its highest page."""

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's names, here and below
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        pages = [page for number in range(self.count()) if (page := self.widget(number))]
        return max(
            page.heightForWidth(width) if page.hasHeightForWidth() else page.sizeHint().height() for page in pages
        )


class InstructionPanel(QFrame):
    plan_requested = Signal()
    apply_requested = Signal()
    both_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session, self.preferences = session, session.preferences
        self.setProperty("role", "left")
        self.setMinimumWidth(290)
        self.setMaximumWidth(460)
        self.stages = Stages()
        self.kind = Segments(self.tr("What to create"), [("edit", self.tr("Edit")), ("new", self.tr("New picture"))])
        self.words = QPlainTextEdit()
        self.words.setTabChangesFocus(True)
        self.words.setFixedHeight(84)
        self.words.setAccessibleName(self.tr("Instruction"))
        self.plan = button(self.tr("Plan"), self.plan_requested.emit)
        self.apply = button(self.tr("Apply"), self.apply_requested.emit)
        self.both = button(self.tr("Plan && apply"), self.both_requested.emit)
        self.busy = self._busy()
        self.next_or_busy = _OneOf()
        """Shows the progress in place of the next action, so that nothing below it moves."""
        self.size_note = label("", "muted")
        self.drawing = DrawingPanel(session)
        self._lay_out()
        self._connect()
        self._follow_settings()
        self.refresh()

    def _busy(self) -> QFrame:
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress"))
        self.stage = label("", "muted")
        self.cancel = tool("close", self.tr("Cancel (Esc)"), self.cancel_requested.emit)
        card = frame("card")
        card.setLayout(column(row(self.stage, self.cancel), self.progress, margin=10))
        return card

    def _lay_out(self) -> None:
        self.presets = Choice(elastic=True)
        self.presets.setAccessibleName(self.tr("Preset"))
        save = tool("save", self.tr("Save as preset"), self._save_preset)
        self.drop_preset = tool("trash", self.tr("Delete preset"), self._drop_preset)
        self.heading = label(self.tr("&Instruction"), "heading", self.words)
        free = QWidget()
        free.setLayout(column(self.both, self.size_note, 1, spacing=10))
        self.next_or_busy.addWidget(free)
        self.next_or_busy.addWidget(self.busy)
        head = column(
            self.stages,
            self.kind,
            self.heading,
            self.words,
            row(self.plan, self.apply, spacing=8),
            self.next_or_busy,
            spacing=10,
        )
        head.setContentsMargins(14, 12, 14, 10)
        body = column(
            label(self.tr("Preset"), "heading", self.presets),
            row(self.presets, save, self.drop_preset),
            self.drawing,
            1,
            spacing=10,
        )
        body.setContentsMargins(14, 10, 6, 12)
        content = QWidget()
        content.setLayout(body)
        self.presets.setSizePolicy(
            self.words.sizePolicy().horizontalPolicy(), self.presets.sizePolicy().verticalPolicy()
        )
        whole = column(head, line(), scrolled(content), spacing=0)
        whole.setStretch(2, 1)
        self.setLayout(whole)

    def _connect(self) -> None:
        session = self.session
        self.words.textChanged.connect(self._store_text)
        self.kind.chosen.connect(lambda value: self.preferences.draw_with(new_picture=value == "new"))
        self.presets.activated.connect(self._use_preset)
        self.preferences.changed.connect(self._follow_settings)
        session.document.changed.connect(self.refresh)
        session.work.activity_changed.connect(self.refresh)
        session.work.results_changed.connect(self.refresh)
        session.document.busy_changed.connect(self.refresh)
        session.link.offer_changed.connect(self.refresh)

    # following the session

    def _store_text(self) -> None:
        text = self.words.toPlainText()
        if len(text) > MAX_INSTRUCTION:
            text = text[:MAX_INSTRUCTION]
            with quiet(self.words):
                self.words.setPlainText(text)
                self.words.moveCursor(self.words.textCursor().MoveOperation.End)
        self.preferences.instruction = text
        self.refresh()

    def _follow_settings(self) -> None:
        if self.words.toPlainText() != self.preferences.instruction:
            with quiet(self.words):
                self.words.setPlainText(self.preferences.instruction)
        new = self.preferences.drawing.new_picture
        self.kind.choose("new" if new else "edit")
        self.heading.setText(self.tr("&Caption") if new else self.tr("&Instruction"))
        self.words.setPlaceholderText(
            self.tr("What should the picture show?")
            if new
            else self.tr("What should change? For example: make the boat yellow")
        )
        with quiet(self.presets):
            self.presets.clear()
            self.presets.addItem(self.tr("Choose a preset…"))
            self.presets.addItems([preset.name for preset in self.preferences.settings.presets])
        self.refresh()

    def refresh(self) -> None:
        """Enables the possible actions and emphasizes the next one."""
        session, work = self.session, self.session.work
        has_plan = not session.document.state.plan.empty
        has_words = bool(self.preferences.instruction.strip())
        has_picture = session.document.is_open or self.preferences.drawing.new_picture
        free = not work.busy and not session.document.busy
        self.plan.setEnabled(free and has_words and has_picture)
        self.both.setEnabled(free and has_words and has_picture)
        self.apply.setEnabled(free and has_picture and session.review.is_drawable())
        self.plan.setText(self.tr("Plan again") if has_plan else self.tr("Plan"))
        self.plan.setAccessibleName(self.plan.text())
        self._emphasize(self.apply if has_plan and session.review.is_answered() else self.plan)
        shortcuts = QKeySequence.SequenceFormat.NativeText
        self.plan.setToolTip(QKeySequence("Ctrl+Return").toString(shortcuts))
        self.apply.setToolTip(QKeySequence("Ctrl+Shift+Return").toString(shortcuts))
        self._show_activity()
        stage = 1 if has_plan or work.results else 0
        if work.activity is not None:
            stage = 0 if work.activity.stage == "plan" or work.activity.kind == "plan" else 2
        self.stages.show_stage(2 if work.results else stage)
        self.drop_preset.setEnabled(self.presets.currentIndex() > 0)
        self._show_size()

    def _emphasize(self, next_step: QWidget) -> None:
        for action in (self.plan, self.apply):
            role = "primary" if action is next_step else ""
            if action.property("role") != role:
                action.setProperty("role", role)
                action.style().unpolish(action)
                action.style().polish(action)

    def _show_activity(self) -> None:
        activity = self.session.work.activity
        self.next_or_busy.setCurrentIndex(0 if activity is None else 1)
        if activity is None:
            return
        self.stage.setText(say_activity(activity))
        done, total = activity.part
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self.cancel.setEnabled(activity.stage != "cancel")

    def _show_size(self) -> None:
        """Shows the size at which the picture will be drawn."""
        session = self.session
        side = self.preferences.image_size
        left, top, right, bottom = session.document.state.seen
        size = (right - left, bottom - top) if session.document.is_open else (0, 0)
        if self.preferences.drawing.new_picture:
            width, height = self.preferences.drawing.width or side, self.preferences.drawing.height or side
            text = self.tr("Drawn at {width}×{height}.").format(width=width, height=height) if width else ""
        elif side and size[0]:
            words = self.tr("Drawn at {side}×{side}, pasted at {width}×{height}. Unedited areas stay unchanged.")
            text = words.format(side=side, width=size[0], height=size[1])
        else:
            text = ""
        self.size_note.setText(text)
        self.size_note.setVisible(bool(text))

    # presets

    def _use_preset(self, place: int) -> None:
        if place > 0:
            preset = self.preferences.settings.presets[place - 1]
            self.preferences.use(preset.instruction, preset.drawing)
            with quiet(self.presets):
                self.presets.setCurrentIndex(place)
        self.refresh()

    def _save_preset(self) -> None:
        dialog = QInputDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(self.tr("Save as preset"))
        dialog.setLabelText(self.tr("Name"))
        dialog.setTextValue(" ".join(self.preferences.instruction.split())[:40])
        dialog.textValueSelected.connect(self._store_preset)
        dialog.open()

    def _store_preset(self, name: str) -> None:
        if name.strip():
            preset = Preset(name.strip(), self.preferences.instruction, self.preferences.drawing)
            self.preferences.configure(presets=self.preferences.settings.with_preset(preset).presets)

    def _drop_preset(self) -> None:
        name = self.presets.currentText()
        self.preferences.configure(presets=self.preferences.settings.without_preset(name).presets)
