"""The status bar: the engine, its memory, the queue and the progress of the running job."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QStatusBar

from engine.api import language
from got_desktop.model.engine_link import Condition
from got_desktop.model.figures import decimal
from got_desktop.model.session import Session
from got_desktop.ui import theme
from got_desktop.ui.activity_words import say_activity
from got_desktop.ui.controls import label
from got_desktop.ui.stage_times import TimesButton


class StatusBar(QStatusBar):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.setSizeGripEnabled(False)
        self.engine, self.memory, self.queue, self.work, self.picture = (label("", "muted") for _ in range(5))
        names = {
            self.engine: self.tr("Engine"),
            self.memory: self.tr("Memory"),
            self.queue: self.tr("Queue"),
            self.work: self.tr("Progress"),
            self.picture: self.tr("Picture"),
        }
        for part, name in names.items():
            part.setWordWrap(False)
            part.setContentsMargins(8, 1, 8, 1)
            part.setAccessibleDescription(name)
        for part in (self.engine, self.memory, self.queue):
            self.addWidget(part)
        self.times_button = TimesButton()
        for part in (self.work, self.times_button, self.picture):
            self.addPermanentWidget(part)
        session.link.condition_changed.connect(self._condition)
        session.work.activity_changed.connect(self._activity)
        session.document.changed.connect(self._document)
        session.document.busy_changed.connect(self._activity)
        self.refresh()

    def refresh(self) -> None:
        self._condition(self.session.link.condition)
        self._activity()
        self._document()

    def _condition(self, condition: Condition) -> None:
        colors = theme.colors()
        words, color = {
            "starting": (self.tr("Engine: starting"), colors.warning),
            "ready": (self.tr("Engine: ready"), colors.success),
            "busy": (self.tr("Engine: working"), colors.accent),
            "restarting": (self.tr("Engine: restarting"), colors.warning),
            "down": (self.tr("Engine: not running"), colors.error),
        }[condition.state]
        self.engine.setText(f'<span style="color:{color}">●</span> {words}')
        self.engine.setToolTip(language.sentence(condition.error) if condition.error else "")
        system = condition.system
        self.memory.setVisible(system is not None)
        self.queue.setVisible(system is not None and system.queued > 0)
        if system is not None:
            model = system.model or self.tr("no model loaded")
            used, total = decimal(system.memory_used / 1e9, 1), decimal(system.memory_total / 1e9, 0)
            self.memory.setText(self.tr("{model}, {used} of {total} GB").format(model=model, used=used, total=total))
            self.queue.setText(self.tr("{number} waiting").format(number=system.queued))

    def _activity(self) -> None:
        activity, busy = self.session.work.activity, self.session.document.busy
        files = {"open": self.tr("Opening…"), "save": self.tr("Saving…"), "merge": self.tr("Merging…")}
        self.times_button.show_times(None if activity else self.session.work.times)
        _say(self.work, say_activity(activity) if activity else files.get(busy, ""))

    def _document(self) -> None:
        width, height = self.session.document.state.size
        _say(self.picture, f"{width}×{height}" if width else "")


def _say(where: QLabel, text: str) -> None:
    where.setText(text)
    where.setVisible(bool(text))
