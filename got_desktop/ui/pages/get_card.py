"""Getting GoT-6B: its terms to accept, the download with its progress, or a folder that is there already."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QPlainTextEdit, QProgressBar, QWidget

from got_desktop.model.figures import gigabytes
from got_desktop.model.getting import Choice, Getting, Progress, Terms
from got_desktop.ui.controls import Fold, button, column, label, row
from got_desktop.ui.pages.parts import Card, Note, Plain


class GetCard(Card):
    import_asked = Signal()

    def __init__(self, getting: Getting) -> None:
        super().__init__(self.tr("Get GoT-6B"))
        self.getting = getting
        self.accepted: dict[str, QCheckBox] = {}
        self.bar = QProgressBar()
        self.words = label("", "muted")
        self._shown: object = None
        getting.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        progress, choice = self.getting.progress, self.getting.choice
        shown = ("progress", progress.stage == "look") if progress else ("choice", choice)
        if shown != self._shown:
            self._shown = shown
            self.fill(*(self._under_way(progress) if progress else self._offered(choice) if choice else self._begin()))
        if progress:
            self._say(progress)

    # nothing is known yet

    def _about(self) -> QWidget:
        return label(
            self.tr(
                "The model of the paper. It knows photographs and paints at 1024×1024, and wants a graphics card with"
                " much memory. The model that comes with the program, got-mini, knows picture-book scenes only."
            ),
            "muted",
        )

    def _begin(self) -> list[QWidget]:
        self.look = button(self.tr("Show sizes and licenses"), self.getting.look_up, "primary")
        return [Plain(self._about(), row(self.look, self._folder(), 1, spacing=10), spacing=14)]

    def _folder(self) -> QWidget:
        return button(
            self.tr("Import a folder…"),
            self.import_asked.emit,
            tip=self.tr("For a model that is on this machine already"),
        )

    # what there is

    def _offered(self, choice: Choice) -> list[QWidget]:
        self.accepted = {}
        rows: list[QWidget] = [Plain(self._about())]
        rows += [self._terms(terms) for terms in choice.terms]
        text = self.tr("Go on with the download") if choice.begun else self.tr("Download and import")
        self.start = button(text, self.getting.download, "primary")
        last: list[QWidget] = [label(self._sizes(choice), "muted")]
        if choice.needed > choice.free:
            words = self.tr("The disk has {free} free, and {needed} are needed. Free some space first.")
            last.append(Note("warning", words.format(free=gigabytes(choice.free), needed=gigabytes(choice.needed))))
        buttons: list[QWidget | int] = [self.start, self._folder()]
        if choice.begun:
            buttons.append(button(self.tr("Delete what was loaded"), self.getting.forget_download))
        rows.append(Plain(*last, row(*buttons, 1, spacing=10), spacing=12))
        self._allow(choice)
        return rows

    def _sizes(self, choice: Choice) -> str:
        if choice.begun:
            here = self.tr("{here} of {size} are here; {left} are still to be loaded.")
            words = here.format(
                here=gigabytes(choice.size - choice.remaining),
                size=gigabytes(choice.size),
                left=gigabytes(choice.remaining),
            )
        else:
            words = self.tr("{size} are downloaded.").format(size=gigabytes(choice.size))
        more = self.tr(
            "Each file is checked against the hash that its publisher lists. Then the model is imported, which takes"
            " as much again on the disk; what was downloaded is deleted after that."
        )
        return f"{words} {more}"

    def _terms(self, terms: Terms) -> QWidget:
        text = QPlainTextEdit(terms.text or self.tr("Its publisher states no terms beside the name of its license."))
        text.setReadOnly(True)
        text.setTabChangesFocus(True)
        text.setFixedHeight(190)
        text.setAccessibleName(self.tr("Terms of {name}").format(name=terms.repository))
        accept = QCheckBox(self.tr("I accept these terms"))
        accept.setAccessibleName(self.tr("I accept the terms of {name}").format(name=terms.repository))
        accept.toggled.connect(lambda: self._allow(self.getting.choice))
        self.accepted[terms.repository] = accept
        facts = [terms.license or self.tr("license: see its terms"), gigabytes(terms.size)]
        inside = QWidget()
        inside.setLayout(column(text))
        fold = Fold(f"{terms.repository}  ·  {'  ·  '.join(facts)}", inside, is_open=False)
        fold.head.setAccessibleName(self.tr("Show the terms of {name}").format(name=terms.repository))
        return Plain(fold, accept, spacing=6)

    def _allow(self, choice: Choice | None) -> None:
        agreed = all(one.isChecked() for one in self.accepted.values())
        self.start.setEnabled(choice is not None and agreed and choice.needed <= choice.free)
        self.start.setToolTip("" if agreed else self.tr("Accept the terms of all three first"))

    # under way

    def _under_way(self, progress: Progress) -> list[QWidget]:
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.words = label("", "muted")
        self.stop = button(self.tr("Stop"), self.getting.cancel)
        self.stop.setToolTip(self.tr("What was downloaded is kept"))
        last = row(self.words, self.stop, spacing=10)
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
            return self.tr("Looking up what there is…")
        if progress.stage == "download":
            words = self.tr("Downloading: {done} of {total}").format(**part)
            left = progress.seconds_left
            if left is not None:
                speed = gigabytes(progress.speed)
                minutes = max(1, round(left / 60))
                words += self.tr(", {speed} a second, {minutes} min left").format(speed=speed, minutes=minutes)
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
