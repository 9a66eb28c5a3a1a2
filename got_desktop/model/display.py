"""The document as the canvas shows it: put together in the background whenever its pixels change."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.api.errors import EngineError
from got_desktop.background import Background
from got_desktop.model.document import Document
from got_desktop.model.layers import composite
from got_desktop.model.raster import Pyramid, pyramid
from got_desktop.model.state import State


class Display(QObject):
    changed = Signal()
    """`pyramid` is another one."""
    failed = Signal(object)

    def __init__(self, document: Document, background: Background) -> None:
        super().__init__()
        self.document = document
        self.background = background
        self.pyramid: Pyramid | None = None
        self._shown: State | None = None
        self._making: State | None = None
        document.changed.connect(self._follow)

    @property
    def current(self) -> bool:
        """Whether the canvas shows the document's present state."""
        return self._shown is not None and self._shown.looks_as(self.document.state)

    def offer(self, state: State, ready: Pyramid) -> None:
        """A state whose look is known already."""
        self._shown, self.pyramid = state, ready
        self.changed.emit()

    def _follow(self) -> None:
        state = self.document.state
        if state.base is None or self._making is not None or self.current:
            return
        self._making = state
        self.background.run(lambda say: look(state), self._made, self._not_made)

    def _made(self, made: Pyramid) -> None:
        self._shown, self._making, self.pyramid = self._making, None, made
        self.changed.emit()
        self._follow()  # it may have gone on meanwhile

    def _not_made(self, error: EngineError) -> None:
        self._making = None
        self.failed.emit(error)


def look(state: State) -> Pyramid:
    """What the canvas shows of a picture that is open. Slow."""
    assert state.base is not None
    return pyramid(composite(state.base.image, state.layers))
