"""The Doctor page: checks this machine and says how to fix what is wrong."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QWidget

from engine.api import language
from engine.api.errors import EngineError
from got_desktop.doctor import PATIENCE, PLUGINS, Finding, examine, install_plugin
from got_desktop.model.engine_link import Condition
from got_desktop.model.messages import Message
from got_desktop.model.session import Session
from got_desktop.ui.controls import button, label, row
from got_desktop.ui.pages.parts import Card, PageView, Plain, Row, Sign, at_home

_AGAIN = 1000
"""Milliseconds until an engine that was still starting is checked again."""


class DoctorPage(PageView):
    def __init__(self, session: Session) -> None:
        super().__init__(
            self.tr("Doctor"), self.tr("Checks this computer and tells you what is wrong and how to fix it.")
        )
        self.session = session
        self.findings: list[Finding] = []
        """The findings of the last check."""
        self.busy = False
        self._patience_ends = 0.0
        """When an engine that does not answer counts as a problem; 0 if the page does not wait for one."""
        self._engine_state = session.link.condition.state
        self.again = button(self.tr("Check again"), self.examine, "primary")
        self.copy = button(self.tr("Copy report"), self.copy_report)
        self.verdict = label("", "muted")
        self.result = Card(self.tr("This computer"))
        head = row(self.again, self.copy, self.verdict, spacing=10)
        head.setStretch(2, 1)
        self.add(head, self.result)
        session.link.condition_changed.connect(self._follow)
        self.examine()

    def examine(self) -> None:
        """Runs all checks; takes seconds if the engine has to be started first."""
        if self.busy:
            return
        self.busy = True
        self.again.setEnabled(False)
        self.copy.setEnabled(bool(self.findings))
        if not self._starting:  # otherwise the verdict stays
            self.verdict.setText(self.tr("Checking…"))
            self._patience_ends = 0.0
        if not self.findings:
            self.result.fill(Plain(label(self.tr("This takes a few seconds the first time."), "muted")))
        self.session.background.run(lambda say: examine(), self._show_findings, self._fail)

    def _show_findings(self, findings: list[Finding]) -> None:
        self.findings = findings = self._with_patience(findings)
        bad = sum(not finding.good and not finding.waits for finding in findings)
        hints = sum(bool(finding.hint) for finding in findings)
        if bad:
            words = self.tr("Problems: {number}").format(number=bad)
        elif self._starting:
            words = self.tr("The engine is still starting. It is checked again automatically.")
        elif hints:
            words = self.tr("Everything required works. Hints: {number}").format(number=hints)
        else:
            words = self.tr("Everything works")
        if self._starting:
            QTimer.singleShot(_AGAIN, self, self._examine_again)
        self.result.fill(*(self._row(finding) for finding in findings))
        self._finish(words)

    def _with_patience(self, findings: list[Finding]) -> list[Finding]:
        """The findings, with those that wait counted as problems after the time limit."""
        if not any(finding.waits for finding in findings):
            return findings
        self._patience_ends = self._patience_ends or time.monotonic() + PATIENCE
        over = time.monotonic() > self._patience_ends
        return [replace(finding, waits=False) for finding in findings] if over else findings

    @property
    def _starting(self) -> bool:
        return any(finding.waits for finding in self.findings)

    def _examine_again(self) -> None:
        """Checks again while the page is visible; otherwise when it is shown."""
        if self._starting and self.isVisible():
            self.examine()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        super().showEvent(event)
        self._examine_again()

    def _fail(self, error: EngineError) -> None:
        self.session.message.emit(Message.of(error))
        self._finish("")

    def _finish(self, words: str) -> None:
        self.busy = False
        self.again.setEnabled(True)
        self.copy.setEnabled(bool(self.findings))
        self.verdict.setText(words)

    def _row(self, finding: Finding) -> QWidget:
        kind, words = ("success", self.tr("OK"))
        about, fix = "; ".join(language.note(note) for note in finding.notes), self._fix(finding)
        if finding.advice:
            about += f"\n→ {language.note(finding.advice)}"
        if finding.waits:
            kind, words = "info", self.tr("Not known yet")
            about, fix = self.tr("No answer yet. Starting the engine can take a while on a busy computer."), []
        elif not finding.good:
            kind, words = "error", self.tr("Problem")
        elif finding.hint:
            kind, words = "warning", self.tr("Hint")
        finding_row = Row(self._titles().get(finding.what, finding.what), at_home(about), *fix, lead=Sign(kind, words))
        finding_row.setObjectName(f"finding_{finding.what}")
        return finding_row

    def _fix(self, finding: Finding) -> list[QWidget]:
        """The button that fixes the finding, if there is one."""
        if finding.what == "Engine" and not finding.good:
            return [button(self.tr("Start the engine"), self._start_engine)]
        if finding.what in PLUGINS and finding.hint:
            return [button(self.tr("Install the plug-in"), lambda: self._install_plugin(finding.what))]
        return []

    def _install_plugin(self, what: str) -> None:
        def finish(nothing: None) -> None:
            words = self.tr("The plug-in is installed. Restart {host} if it is running.")
            self.session.message.emit(Message("success", words.format(host=what.split()[0])))
            self.examine()

        self.session.background.run(lambda say: install_plugin(what), finish, self._fail)

    def _start_engine(self) -> None:
        self.session.link.start()
        self.examine()

    def _follow(self, condition: Condition) -> None:
        """Checks again when the engine has started or stopped."""
        changed = "down" in (condition.state, self._engine_state) and condition.state != self._engine_state
        self._engine_state = condition.state
        if changed:
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
        """All findings as text for a bug report."""
        lines = []
        for finding in self.findings:
            lines.append(f"{'✓' if finding.good else '…' if finding.waits else '✗'} {finding.what}: {finding.text}")
            if finding.advice:
                lines.append(f"  → {finding.advice.text}")
        return "\n".join(lines)

    def copy_report(self) -> None:
        QGuiApplication.clipboard().setText(self.report())
        self.session.message.emit(Message("success", self.tr("The report was copied to the clipboard.")))
