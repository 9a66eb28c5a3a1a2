"""Opening and saving in the user interface: dialogs, drops, the clipboard, and questions about unsaved work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.api.formats import OPENRASTER, READ_SUFFIXES, WRITTEN, WRITTEN_SUFFIXES
from got_desktop.model.messages import Message
from got_desktop.model.pictures import lost
from got_desktop.model.session import Session
from got_desktop.ui.question import Question, Role


class Files(QObject):
    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self.session = session
        self.window = window
        self._after_save: Callable[[], None] | None = None
        session.document.renamed.connect(self._continue_after_save)
        session.document.busy_changed.connect(self._follow_busy)
        session.files.exported.connect(self._ask_after_export)

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

    def open_one(self, paths: list[Path]) -> None:
        """Opens the first picture of several files, and names the others."""
        endings = (OPENRASTER, *READ_SUFFIXES)
        path = next((path for path in paths if path.suffix.lower() in endings), paths[0])
        others = ", ".join(other.name for other in paths if other is not path)

        def open_and_say() -> None:
            self.session.files.open(path)
            if others:
                words = self.tr("Only {name} is opened; the window shows one picture at a time.")
                more = self.tr("Not opened: {names}.").format(names=others)
                self.session.message.emit(Message("info", words.format(name=path.name), more))

        self.after_asking(open_and_say)

    def paste(self) -> None:
        """Opens a picture or a picture file from the clipboard."""
        data = QGuiApplication.clipboard().mimeData()  # None, despite its type, if the clipboard does not answer
        self.take(data or QMimeData(), self.tr("There is no picture on the clipboard."))

    def take(self, data: QMimeData, otherwise: str) -> None:
        """Opens pasted or dropped data; shows the message `otherwise` if it is not a picture."""
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if paths:
            self.open_one(paths)
        elif data.hasImage():
            image = data.imageData()
            assert isinstance(image, QImage)
            self.after_asking(lambda: self.session.files.open_image(image))
        else:
            self.session.message.emit(Message("warning", otherwise, self.tr("Copy a picture, or open a file.")))

    # save

    def save(self) -> None:
        """Saves to the document's file if that keeps everything; otherwise asks for another one."""
        document, path = self.session.document, self.session.document.path
        if path is not None and not document.modified:  # writing a flat file again could only make it worse
            words = self.tr("“{name}” has no unsaved changes.").format(name=document.title)
            return self.session.message.emit(Message("info", words))
        if path is None or path.suffix.lower() not in (OPENRASTER, *WRITTEN_SUFFIXES) or lost(document.state, path):
            return self.ask_save()
        self.session.files.save(path)

    def ask_save(self) -> None:
        document = self.session.document
        dialog = QFileDialog(self.window, self.tr("Save as"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        filters = {
            self.tr("OpenRaster, with layers (*.ora)"): "ora",
            **{
                self.tr("{format}, without layers (*{ending})").format(
                    format=written.label, ending=written.suffixes[0]
                ): written.suffixes[0][1:]
                for written in WRITTEN
            },
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

    # unsaved work

    def after_asking(self, call: Callable[[], None], more: str = "") -> None:
        """Calls at once if nothing would be lost; otherwise after the user has saved or chosen not to.

        `more` is what the question says besides.
        """
        if not self.session.unsettled:
            return call()
        question = self._ask_unsaved(call, more) if self.session.document.modified else self._ask_undecided(call)
        question.open()

    def _ask_unsaved(self, call: Callable[[], None], more: str) -> Question:
        words = self.tr("“{name}” has unsaved changes.").format(name=self.session.document.title)
        more = " ".join(filter(None, (more, self._lost_work())))
        question = Question(self.window, self.tr("Unsaved changes"), words, more)

        def save() -> None:
            self._after_save = call
            self.save()

        question.offer(self.tr("Save"), Role.AcceptRole, save, preferred=True)
        question.offer(self.tr("Don't save"), Role.DestructiveRole, call)
        question.offer_cancel()
        return question

    def _ask_undecided(self, call: Callable[[], None]) -> Question:
        """The question for a saved document with a running job or undecided results."""
        has_results = self.session.work.results is not None
        title = self.tr("Results not accepted") if has_results else self.tr("Job running")
        words = (
            self.tr("“{name}” has results that you have not accepted.")
            if has_results
            else self.tr("A job for “{name}” is still running.")
        )
        repeatable = has_results and self.session.preferences.settings.history_kept > 0
        more = self.tr("The history keeps everything needed to draw them again.") if repeatable else ""
        question = Question(self.window, title, words.format(name=self.session.document.title), more)
        question.offer(
            self.tr("Discard results") if has_results else self.tr("Cancel the job"), Role.DestructiveRole, call
        )
        question.offer(self.tr("Back"), Role.RejectRole, lambda: None, preferred=True)
        return question

    def _lost_work(self) -> str:
        """What is lost even if the user saves."""
        work = self.session.work
        if work.busy:
            return self.tr("The running job is cancelled.")
        return self.tr("Results that you have not accepted are discarded.") if work.results is not None else ""

    def _continue_after_save(self) -> None:
        if self._after_save is not None and not self.session.document.modified:
            call, self._after_save = self._after_save, None
            call()

    def _ask_after_export(self, words: str) -> None:
        """Asks again if the user wanted to save everything and then chose a file that does not keep it."""
        if self._after_save is not None:
            call, self._after_save = self._after_save, None
            self.after_asking(call, words)

    def _follow_busy(self) -> None:
        """Stops waiting for a save that failed."""
        if not self.session.document.busy and self.session.document.modified:
            self.session.background.run(lambda say: None, self._forget_if_unsaved)

    def _forget_if_unsaved(self, _: None) -> None:
        if self.session.document.modified and not self.session.document.busy:
            self._forget()

    def _forget(self) -> None:
        self._after_save = None
