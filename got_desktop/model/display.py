"""The document as the canvas shows it: composited in the background whenever its pixels change."""

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
    """`pyramid` was replaced."""
    failed = Signal(object)

    def __init__(self, document: Document, background: Background) -> None:
        super().__init__()
        self.document = document
        self.background = background
        self.pyramid: Pyramid | None = None
        self._displayed: State | None = None
        self._pending: State | None = None
        document.changed.connect(self._follow)

    @property
    def current(self) -> bool:
        """Whether the canvas shows the document's current state."""
        return self._displayed is not None and self._displayed.looks_as(self.document.state)

    def offer(self, state: State, ready: Pyramid) -> None:
        """Shows a state that is already composited."""
        self._displayed, self.pyramid = state, ready
        self.changed.emit()

    def _follow(self) -> None:
        state = self.document.state
        if state.base is None or self._pending is not None or self.current:
            return
        self._pending = state
        self.background.run(lambda say: look(state), self._show, self._fail)

    def _show(self, picture: Pyramid) -> None:
        self._displayed, self._pending, self.pyramid = self._pending, None, picture
        self.changed.emit()
        self._follow()  # the document may have changed since

    def _fail(self, error: EngineError) -> None:
        self._pending = None
        self.failed.emit(error)


def look(state: State) -> Pyramid:
    """Composites an open picture for the canvas. Slow."""
    assert state.base is not None
    return pyramid(composite(state.base.image, state.layers), state.base.icc_profile)
