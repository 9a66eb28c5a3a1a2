"""Opening and saving as the user meets it: dialogs, drops, the clipboard, and nothing thrown away unasked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.api.formats import OPENRASTER, READ_SUFFIXES, WRITTEN, WRITTEN_SUFFIXES
from got_desktop.model.messages import Message
from got_desktop.model.session import Session
from got_desktop.ui.question import Question, Role


class Files(QObject):
    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self.session = session
        self.window = window
        self._after_save: Callable[[], None] | None = None
        session.document.renamed.connect(self._saved)
        session.document.busy_changed.connect(self._filed)

    # open

    def ask_open(self) -> None:
        dialog = QFileDialog(self.window, self.tr("Open a picture"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        endings = " ".join(f"*{suffix}" for suffix in (OPENRASTER, *READ_SUFFIXES))
        dialog.setNameFilters([self.tr("Pictures ({endings})").format(endings=endings), self.tr("All files (*)")])
        dialog.fileSelected.connect(lambda name: self.open(Path(name)))
        dialog.open()

    def open(self, path: Path) -> None:
        self.after_asking(lambda: self.session.files.open(path))

    def paste(self) -> None:
        """A picture, or a picture's file, from the clipboard."""
        held = QGuiApplication.clipboard().mimeData()  # None, against its type, where the clipboard does not answer
        self.take(held or QMimeData(), self.tr("There is no picture on the clipboard."))

    def take(self, data: QMimeData, otherwise: str) -> None:
        """What was pasted or dropped; `otherwise` is said where it is no picture."""
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if paths:
            self.open(paths[0])
        elif data.hasImage():
            image = data.imageData()
            assert isinstance(image, QImage)
            self.after_asking(lambda: self.session.files.open_image(image))
        else:
            self.session.said.emit(Message("warning", otherwise, self.tr("Copy a picture, or open a file.")))

    # save

    def save(self) -> None:
        path = self.session.document.path
        if path is None or path.suffix.lower() not in (OPENRASTER, *WRITTEN_SUFFIXES) or self._would_flatten(path):
            return self.ask_save()
        self.session.files.save(path)

    def _would_flatten(self, path: Path) -> bool:
        """A picture that was opened without layers and has some now is not written over by its flat copy."""
        return path.suffix.lower() != OPENRASTER and bool(self.session.document.state.layers)

    def ask_save(self) -> None:
        document = self.session.document
        dialog = QFileDialog(self.window, self.tr("Save as"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        filters = {
            self.tr("OpenRaster, with layers (*.ora)"): "ora",
            **{f"{known.label} (*{known.suffixes[0]})": known.suffixes[0][1:] for known in WRITTEN},
        }
        dialog.setNameFilters(list(filters))
        dialog.setDefaultSuffix("ora")
        dialog.filterSelected.connect(lambda name: dialog.setDefaultSuffix(filters[name]))
        if document.path is not None:
            dialog.setDirectory(str(document.path.parent))
        dialog.selectFile(document.path.stem if document.path else self.tr("Untitled"))
        dialog.fileSelected.connect(lambda name: self.session.files.save(Path(name)))
        dialog.rejected.connect(self._forget)
        dialog.open()

    # nothing is thrown away unasked

    def after_asking(self, call: Callable[[], None]) -> None:
        """Does it at once where nothing is lost; else when the user has saved, or does not want to."""
        if not self.session.unsettled:
            return call()
        asked = self._unsaved(call) if self.session.document.modified else self._undecided(call)
        asked.open()

    def _unsaved(self, call: Callable[[], None]) -> Question:
        words = self.tr("“{name}” has changes that are not saved.").format(name=self.session.document.title)
        asked = Question(self.window, self.tr("Unsaved changes"), words, self._goes_too())

        def save() -> None:
            self._after_save = call
            self.save()

        asked.offer(self.tr("Save"), Role.AcceptRole, save, preferred=True)
        asked.offer(self.tr("Don't save"), Role.DestructiveRole, call)
        asked.offer_cancel()
        return asked

    def _undecided(self, call: Callable[[], None]) -> Question:
        """The file holds all of the document, but what is or was made for it is not decided on."""
        drawn = self.session.work.results is not None
        title = self.tr("Results not taken") if drawn else self.tr("Work under way")
        words = (
            self.tr("“{name}” has results that you have not taken.")
            if drawn
            else self.tr("“{name}” is still being worked on.")
        )
        again = drawn and self.session.preferences.settings.history_kept > 0
        more = self.tr("The history keeps all that is needed to draw them again.") if again else ""
        asked = Question(self.window, title, words.format(name=self.session.document.title), more)
        asked.offer(self.tr("Discard results") if drawn else self.tr("Cancel the work"), Role.DestructiveRole, call)
        asked.offer(self.tr("Back"), Role.RejectRole, lambda: None, preferred=True)
        return asked

    def _goes_too(self) -> str:
        """What saving does not keep."""
        work = self.session.work
        if work.busy:
            return self.tr("What the engine does for it is cancelled.")
        return self.tr("Results that you have not taken are discarded.") if work.results is not None else ""

    def _saved(self) -> None:
        if self._after_save is not None and not self.session.document.modified:
            call, self._after_save = self._after_save, None
            call()

    def _filed(self) -> None:
        """A save that failed ends the wait for it."""
        if not self.session.document.busy and self.session.document.modified:
            self.session.background.run(lambda say: None, self._forget_if_unsaved)

    def _forget_if_unsaved(self, _: None) -> None:
        if self.session.document.modified and not self.session.document.busy:
            self._forget()

    def _forget(self) -> None:
        self._after_save = None
