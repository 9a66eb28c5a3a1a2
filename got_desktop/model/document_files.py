"""Opens and saves files in the background; an opened file replaces the document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from engine.api import language
from engine.api.errors import EngineError
from got_desktop.background import Background
from got_desktop.model import pictures, raster, recovery
from got_desktop.model.display import Display, look
from got_desktop.model.document import Document
from got_desktop.model.messages import Message
from got_desktop.model.pictures import Part
from got_desktop.model.preferences import Preferences
from got_desktop.model.raster import Pyramid
from got_desktop.model.recovery import UnsavedWork
from got_desktop.model.review import Review
from got_desktop.model.samples import Sample
from got_desktop.model.state import State
from got_desktop.model.work import Work


class DocumentFiles(QObject):
    message = Signal(object)
    """A Message for the user."""
    exported = Signal(str)
    """A flat file was saved that does not keep the whole document: the sentences that say so."""

    def __init__(
        self,
        document: Document,
        display: Display,
        work: Work,
        review: Review,
        preferences: Preferences,
        background: Background,
    ) -> None:
        super().__init__()
        self.document = document
        self.display = display
        self.work = work
        self.review = review
        self.preferences = preferences
        self.background = background

    # open

    def open(self, path: Path) -> None:
        """Reads a file, which then replaces the open document."""

        def show(loaded: tuple[State, Pyramid]) -> None:
            self.preferences.add_recent(path)
            self._show(loaded, path, saved=True)

        self._read(lambda: pictures.read(path), show)

    def open_image(self, image: QImage) -> None:
        """Opens a picture that was pasted or dropped."""
        self._read(lambda: pictures.of_image(raster.from_qimage(image)), lambda loaded: self._show(loaded, None))

    def open_sample(self, sample: Sample, then: Callable[[], None]) -> None:
        """Opens a picture that ships with the program; saving it asks for a path."""

        def show(loaded: tuple[State, Pyramid]) -> None:
            self._show(loaded, None, saved=True)
            then()

        self._read(lambda: pictures.read(sample.image), show)

    def open_recovered(self, folder: Path, then: Callable[[UnsavedWork], None]) -> None:
        """Opens the unsaved work of an earlier window."""

        def restore() -> tuple[UnsavedWork, Pyramid | None]:
            unsaved = recovery.restore(folder)
            return unsaved, look(unsaved.state) if unsaved.state.base else None

        def show(loaded: tuple[UnsavedWork, Pyramid | None]) -> None:
            unsaved, picture = loaded
            if picture is None:
                self.document.end()
            else:
                self._show((unsaved.state, picture), unsaved.path)
            then(unsaved)

        self.document.begin("open")
        self.background.run(lambda say: restore(), show, self._fail)

    def _read(self, read: Callable[[], State], show: Callable[[tuple[State, Pyramid]], None]) -> None:
        def load() -> tuple[State, Pyramid]:
            state = read()
            return state, look(state)

        self.document.begin("open")
        self.background.run(lambda say: load(), show, self._fail)

    def _show(self, loaded: tuple[State, Pyramid], path: Path | None, saved: bool = False) -> None:
        """Replaces the document; `saved` means that a file contains it."""
        self.document.end()
        state, picture = loaded
        self.work.leave()
        self.review.select(None)
        self.display.offer(state, picture)
        self.document.open(state, path, saved)
        self.review.show_turn(0)
        assert state.base is not None
        for note in state.base.notes:
            self.message.emit(Message("info", language.note(note)))

    # save

    def save(self, path: Path) -> None:
        """Saves the current state. A file that does not keep all of it is an export: the document stays unsaved."""
        state, facts = self.document.state, self.preferences.settings.save_facts

        def finish(nothing: None) -> None:
            self.document.end()
            self.preferences.add_recent(path)
            lost = pictures.lost(state, path)
            if lost:
                return self._say_export(path, lost)
            self.document.mark_saved(path, state)
            saved = self.tr("Saved {name}.").format(name=path.name)
            plan = self.tr("The plan is not in it, as you chose in the settings.")
            self.message.emit(Message("success", saved, "" if facts or state.plan.empty else plan))

        self.document.begin("save")
        self.background.run(lambda say: pictures.save(state, path, facts), finish, self._fail)

    def _say_export(self, path: Path, lost: tuple[Part, ...]) -> None:
        words: dict[Part, str] = {
            "layers": self.tr("the layers with their masks"),
            "plan": self.tr("the plan"),
            "area": self.tr("the area to edit"),
            "pixels": self.tr("the exact pixels"),
        }
        parts = ", ".join(words[part] for part in lost)
        text = self.tr("Exported {name}. It does not contain: {parts}.").format(name=path.name, parts=parts)
        self.message.emit(Message("warning", text, self.tr("To keep everything, save as OpenRaster (.ora).")))
        self.exported.emit(text)

    def _fail(self, error: EngineError) -> None:
        self.document.end()
        self.message.emit(Message.of(error))
