"""The card for getting GoT-6B: accepting its terms, downloading it, or importing an existing folder."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QPlainTextEdit, QProgressBar, QWidget

from got_desktop.model.figures import gigabytes
from got_desktop.model.getting import Choice, Getting, Progress, Terms
from got_desktop.ui.controls import Fold, button, column, label, row
from got_desktop.ui.pages.parts import Card, Note, Plain


class GetCard(Card):
    import_requested = Signal()

    def __init__(self, getting: Getting) -> None:
        super().__init__(self.tr("Get GoT-6B"))
        self.getting = getting
        self.accepted: dict[str, QCheckBox] = {}
        self.bar = QProgressBar()
        self.words = label("", "muted")
        self._content: object = None
        getting.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        progress, choice = self.getting.progress, self.getting.choice
        content = ("progress", progress.stage == "look") if progress else ("choice", choice)
        if content != self._content:
            self._content = content
            self.fill(
                *(self._progress_rows(progress) if progress else self._offer(choice) if choice else self._begin())
            )
        if progress:
            self._say(progress)

    # before the lookup

    def _about(self) -> QWidget:
        return label(
            self.tr(
                "The model from the paper. It edits photographs, draws at 1024×1024 and needs a GPU with a lot of"
                " memory. The included model, got-mini, knows only picture-book scenes."
            ),
            "muted",
        )

    def _begin(self) -> list[QWidget]:
        self.look = button(self.tr("Show sizes and licenses"), self.getting.look_up, "primary")
        return [Plain(self._about(), row(self.look, self._folder(), 1, spacing=10), spacing=14)]

    def _folder(self) -> QWidget:
        return button(
            self.tr("Import a folder…"),
            self.import_requested.emit,
            tip=self.tr("For a model that is already on this computer"),
        )

    # the offer

    def _offer(self, choice: Choice) -> list[QWidget]:
        self.accepted = {}
        rows: list[QWidget] = [Plain(self._about())]
        rows += [self._terms(terms) for terms in choice.terms]
        text = self.tr("Resume the download") if choice.interrupted else self.tr("Download and import")
        self.start = button(text, self.getting.download, "primary")
        last: list[QWidget] = [label(self._sizes(choice), "muted")]
        if choice.needed > choice.free:
            words = self.tr("The model needs {needed} of disk space, but only {free} is free. Free some space first.")
            last.append(Note("warning", words.format(free=gigabytes(choice.free), needed=gigabytes(choice.needed))))
        buttons: list[QWidget | int] = [self.start, self._folder()]
        if choice.interrupted:
            buttons.append(button(self.tr("Delete the partial download"), self.getting.forget_download))
        rows.append(Plain(*last, row(*buttons, 1, spacing=10), spacing=12))
        self._allow(choice)
        return rows

    def _sizes(self, choice: Choice) -> str:
        if choice.interrupted:
            template = self.tr("{here} of {size} downloaded, {left} left.")
            words = template.format(
                here=gigabytes(choice.size - choice.remaining),
                size=gigabytes(choice.size),
                left=gigabytes(choice.remaining),
            )
        else:
            words = self.tr("The download is {size}.").format(size=gigabytes(choice.size))
        more = self.tr(
            "Each file is checked against the hash that its publisher lists. Importing the model then takes the same"
            " amount of disk space again; the downloaded files are deleted afterward."
        )
        return f"{words} {more}"

    def _terms(self, terms: Terms) -> QWidget:
        text = QPlainTextEdit(terms.text or self.tr("The publisher gives no terms other than the name of the license."))
        text.setReadOnly(True)
        text.setTabChangesFocus(True)
        text.setFixedHeight(190)
        text.setAccessibleName(self.tr("Terms of {name}").format(name=terms.repository))
        accept = QCheckBox(self.tr("I accept these terms"))
        accept.setAccessibleName(self.tr("I accept the terms of {name}").format(name=terms.repository))
        accept.toggled.connect(lambda: self._allow(self.getting.choice))
        self.accepted[terms.repository] = accept
        facts = [terms.license or self.tr("license: see the terms"), gigabytes(terms.size)]
        inside = QWidget()
        inside.setLayout(column(text))
        fold = Fold(f"{terms.repository}  ·  {'  ·  '.join(facts)}", inside, is_open=False)
        fold.head.setAccessibleName(self.tr("Show the terms of {name}").format(name=terms.repository))
        return Plain(fold, accept, spacing=6)

    def _allow(self, choice: Choice | None) -> None:
        all_accepted = all(box.isChecked() for box in self.accepted.values())
        self.start.setEnabled(choice is not None and all_accepted and choice.needed <= choice.free)
        self.start.setToolTip("" if all_accepted else self.tr("Accept the terms of all three first"))

    # progress

    def _progress_rows(self, progress: Progress) -> list[QWidget]:
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.words = label("", "muted")
        self.cancel = button(self.tr("Cancel"), self.getting.cancel)
        self.cancel.setToolTip(self.tr("Downloaded files are kept"))
        last = row(self.words, self.cancel, spacing=10)
        last.setStretch(0, 1)
        return [Plain(self._about(), self.bar, last, spacing=12)]

    def _say(self, progress: Progress) -> None:
        self.bar.setRange(0, 1000 if progress.total else 0)
        if progress.total:
            self.bar.setValue(round(1000 * progress.done / progress.total))
        self.words.setText(self.describe(progress))

    def describe(self, progress: Progress) -> str:
        part = {"done": gigabytes(progress.done), "total": gigabytes(progress.total)}
        if progress.stage == "look":
            return self.tr("Checking…")
        if progress.stage == "download":
            words = self.tr("Downloading: {done} of {total}").format(**part)
            left = progress.seconds_left
            if left is not None:
                speed = gigabytes(progress.speed)
                minutes = max(1, round(left / 60))
                words += self.tr(", {speed}/s, {minutes} min left").format(speed=speed, minutes=minutes)
            return words
        if progress.stage == "check":
            return self.tr("Checking the hash: {done} of {total}").format(**part)
        count = {"done": progress.done, "total": progress.total}
        if progress.stage == "read":
            return (
                self.tr("Importing: file {done} of {total}").format(**count)
                if progress.total
                else self.tr("Importing: reading the weights")
            )
        return self.tr("Importing: writing part {done} of {total}").format(**count)
