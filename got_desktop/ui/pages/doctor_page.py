"""The page of the doctor: what works on this machine, what does not, and what to do about it."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QWidget

from engine.api import language
from engine.api.errors import EngineError
from got_desktop.doctor import PATIENCE, PLUGINS, Finding, examine, put_plugin_in
from got_desktop.model.engine_link import Condition
from got_desktop.model.messages import Message
from got_desktop.model.session import Session
from got_desktop.ui.controls import button, label, row
from got_desktop.ui.pages.parts import Card, PageView, Plain, Row, Sign, at_home

_AGAIN = 1000
"""Milliseconds until an engine that was still starting is looked at again."""


class DoctorPage(PageView):
    def __init__(self, session: Session) -> None:
        super().__init__(
            self.tr("Doctor"), self.tr("Looks at this machine and says what is wrong, and what to do about it.")
        )
        self.session = session
        self.findings: list[Finding] = []
        """Of the last examination."""
        self.busy = False
        self._patience_ends = 0.0
        """When an engine that gives no answer counts as one that does not; 0: none is waited for."""
        self._engine_was = session.link.condition.state
        self.again = button(self.tr("Examine again"), self.examine, "primary")
        self.copy = button(self.tr("Copy report"), self.copy_report)
        self.verdict = label("", "muted")
        self.result = Card(self.tr("This machine"))
        head = row(self.again, self.copy, self.verdict, spacing=10)
        head.setStretch(2, 1)
        self.add(head, self.result)
        session.link.condition_changed.connect(self._follow)
        self.examine()

    def examine(self) -> None:
        """Takes seconds where the engine has to be started first."""
        if self.busy:
            return
        self.busy = True
        self.again.setEnabled(False)
        self.copy.setEnabled(bool(self.findings))
        if not self._starting:  # else that is still what there is to say
            self.verdict.setText(self.tr("Examining…"))
            self._patience_ends = 0.0
        if not self.findings:
            self.result.fill(Plain(label(self.tr("This takes a few seconds the first time."), "muted")))
        self.session.background.run(lambda say: examine(), self._examined, self._failed)

    def _examined(self, findings: list[Finding]) -> None:
        self.findings = findings = self._patiently(findings)
        bad = sum(not finding.good and not finding.waits for finding in findings)
        hints = sum(bool(finding.hint) for finding in findings)
        if bad:
            words = self.tr("To mend: {number}").format(number=bad)
        elif self._starting:
            words = self.tr("The engine is still starting; it is looked at again by itself.")
        elif hints:
            words = self.tr("All that is needed works. Hints: {number}").format(number=hints)
        else:
            words = self.tr("Everything works")
        if self._starting:
            QTimer.singleShot(_AGAIN, self, self._examine_again)
        self.result.fill(*(self._row(finding) for finding in findings))
        self._done(words)

    def _patiently(self, findings: list[Finding]) -> list[Finding]:
        """What gives no answer is waited for, but not for ever."""
        if not any(finding.waits for finding in findings):
            return findings
        self._patience_ends = self._patience_ends or time.monotonic() + PATIENCE
        over = time.monotonic() > self._patience_ends
        return [replace(finding, waits=False) for finding in findings] if over else findings

    @property
    def _starting(self) -> bool:
        return any(finding.waits for finding in self.findings)

    def _examine_again(self) -> None:
        """Unless nobody looks at the page; who comes back to it finds it examined anew."""
        if self._starting and self.isVisible():
            self.examine()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        super().showEvent(event)
        self._examine_again()

    def _failed(self, error: EngineError) -> None:
        self.session.said.emit(Message.of(error))
        self._done("")

    def _done(self, words: str) -> None:
        self.busy = False
        self.again.setEnabled(True)
        self.copy.setEnabled(bool(self.findings))
        self.verdict.setText(words)

    def _row(self, finding: Finding) -> QWidget:
        kind, words = ("success", self.tr("Good"))
        about, mend = "; ".join(language.note(note) for note in finding.notes), self._mend(finding)
        if finding.advice:
            about += f"\n→ {language.note(finding.advice)}"
        if finding.waits:
            kind, words = "info", self.tr("Not known yet")
            about, mend = self.tr("No answer yet: a new engine takes a while on a busy machine."), []
        elif not finding.good:
            kind, words = "error", self.tr("Wrong")
        elif finding.hint:
            kind, words = "warning", self.tr("Hint")
        made = Row(self._titles().get(finding.what, finding.what), at_home(about), *mend, lead=Sign(kind, words))
        made.setObjectName(f"finding_{finding.what}")
        return made

    def _mend(self, finding: Finding) -> list[QWidget]:
        """What one click can do about it."""
        if finding.what == "Engine" and not finding.good:
            return [button(self.tr("Start the engine"), self._start_engine)]
        if finding.what in PLUGINS and finding.hint:
            return [button(self.tr("Install the plug-in"), lambda: self._put_plugin_in(finding.what))]
        return []

    def _put_plugin_in(self, what: str) -> None:
        def done(nothing: None) -> None:
            words = self.tr("The plug-in is installed. Start {host} anew if it runs.")
            self.session.said.emit(Message("success", words.format(host=what.split()[0])))
            self.examine()

        self.session.background.run(lambda say: put_plugin_in(what), done, self._failed)

    def _start_engine(self) -> None:
        self.session.link.start()
        self.examine()

    def _follow(self, condition: Condition) -> None:
        """The engine came or went: what was found about it is no longer so."""
        came_or_went = "down" in (condition.state, self._engine_was) and condition.state != self._engine_was
        self._engine_was = condition.state
        if came_or_went:
            self.examine()

    def _titles(self) -> dict[str, str]:
        return {
            "Program": self.tr("Program"),
            "Packages": self.tr("Packages"),
            "Memory": self.tr("Memory"),
            "Disk": self.tr("Disk"),
            "Log": self.tr("Log"),
            "Model": self.tr("Models"),
            "Krita plug-in": self.tr("Krita plug-in"),
            "GIMP plug-in": self.tr("GIMP plug-in"),
            "Engine": self.tr("Engine"),
            "Devices": self.tr("Devices"),
        }

    def report(self) -> str:
        """All findings as text, for a bug report."""
        lines = []
        for finding in self.findings:
            lines.append(f"{'✓' if finding.good else '…' if finding.waits else '✗'} {finding.what}: {finding.text}")
            if finding.advice:
                lines.append(f"  → {finding.advice.text}")
        return "\n".join(lines)

    def copy_report(self) -> None:
        QGuiApplication.clipboard().setText(self.report())
        self.session.said.emit(Message("success", self.tr("The report is on the clipboard.")))
