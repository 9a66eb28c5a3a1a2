"""Opening and saving: files are read and written in the background, and what was read takes the document's place."""

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
from got_desktop.model.preferences import Preferences
from got_desktop.model.raster import Pyramid
from got_desktop.model.recovery import Kept
from got_desktop.model.review import Review
from got_desktop.model.samples import Sample
from got_desktop.model.state import State
from got_desktop.model.work import Work


class DocumentFiles(QObject):
    said = Signal(object)
    """A Message for the user."""

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
        """Reads a file; it takes the place of the open document when it is there."""

        def opened(read: tuple[State, Pyramid]) -> None:
            self.preferences.add_recent(path)
            self._show(read, path, saved=True)

        self._read(lambda: pictures.read(path), opened)

    def open_image(self, image: QImage) -> None:
        """A picture that was pasted or dropped."""
        self._read(lambda: pictures.of_image(raster.from_qimage(image)), lambda read: self._show(read, None))

    def open_sample(self, sample: Sample, then: Callable[[], None]) -> None:
        """A picture that comes with the program; saving it asks where to."""

        def opened(read: tuple[State, Pyramid]) -> None:
            self._show(read, None, saved=True)
            then()

        self._read(lambda: pictures.read(sample.image), opened)

    def open_kept(self, folder: Path, then: Callable[[Kept], None]) -> None:
        """What a window that is gone had not saved."""

        def restored() -> tuple[Kept, Pyramid]:
            kept = recovery.restore(folder)
            return kept, look(kept.state)

        def opened(found: tuple[Kept, Pyramid]) -> None:
            kept, seen = found
            self._show((kept.state, seen), kept.path)
            then(kept)

        self.document.begin("open")
        self.background.run(lambda say: restored(), opened, self._fail)

    def _read(self, read: Callable[[], State], opened: Callable[[tuple[State, Pyramid]], None]) -> None:
        def with_look() -> tuple[State, Pyramid]:
            state = read()
            return state, look(state)

        self.document.begin("open")
        self.background.run(lambda say: with_look(), opened, self._fail)

    def _show(self, read: tuple[State, Pyramid], path: Path | None, saved: bool = False) -> None:
        """`saved`: the document is what a file holds."""
        self.document.end()
        state, seen = read
        self.work.leave()
        self.review.select(None)
        self.display.offer(state, seen)
        self.document.open(state, path, saved)
        self.review.show_turn(0)
        assert state.base is not None
        for note in state.base.notes:
            self.said.emit(Message("info", language.note(note)))

    # save

    def save(self, path: Path) -> None:
        """Writes the present state."""
        state, facts = self.document.state, self.preferences.settings.save_facts

        def saved(nothing: None) -> None:
            self.document.end()
            self.document.saved(path, state)
            self.preferences.add_recent(path)
            self.said.emit(Message("success", self.tr("Saved {name}.").format(name=path.name)))

        self.document.begin("save")
        self.background.run(lambda say: pictures.save(state, path, facts), saved, self._fail)

    def _fail(self, error: EngineError) -> None:
        self.document.end()
        self.said.emit(Message.of(error))
