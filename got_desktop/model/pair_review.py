"""Review of a training's pairs one by one; each is corrected like any other plan."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal

from got_desktop.model import pictures, raster
from got_desktop.model.keeping import Keeping
from got_desktop.model.plan import Plan
from got_desktop.model.session import Session
from got_desktop.model.state import State
from got_desktop.model.training_files import PairRow, store_pair


class PairReview(Session):
    """A session separate from the window's; corrections are saved to the pair's row a moment later."""

    pair_changed = Signal()
    """A different pair is shown."""

    def __init__(self, session: Session, folder: Path, rows: tuple[PairRow, ...]) -> None:
        """`folder` is the training's folder."""
        super().__init__(session.folder, session.background, session.link)
        self.training = folder
        self.rows = list(rows)
        self.at = 0
        self.target: raster.Pyramid | None = None
        """The picture after the edit."""
        self._saved: tuple[str, str] = ("", "")
        self._file_lock = threading.Lock()
        session.closing.connect(self.keep_now)

    @property
    def row(self) -> PairRow:
        return self.rows[self.at]

    def show_pair(self, at: int) -> None:
        """Reads a pair in the background and saves corrections to the previous one."""
        self.keep_now()
        self.at = at % len(self.rows)
        row = self.row
        source = row.source or row.target

        def show(pictures: tuple[State, raster.Pyramid, raster.Pyramid]) -> None:
            if row is not self.row:
                return
            state, look, self.target = pictures
            state = state.with_plan(Plan.of(row.chain))
            self.preferences.instruction, self._saved = row.instruction, (row.instruction, state.plan.text)
            self.review.select(None)
            self.display.offer(state, look)
            self.document.open(state, source)
            self.review.show_turn(0)
            self.pair_changed.emit()

        self.background.run(lambda say: _read(source, row.target), show, self.say)

    def reword(self, instruction: str) -> None:
        self.preferences.instruction = instruction
        self.keeping.soon()

    def leave_out(self) -> None:
        """Removes the pair's row; its pictures are kept."""
        name, folder = self.row.name, self.training
        self._write(lambda: store_pair(folder, name, None))
        del self.rows[self.at]
        self._saved = (self.preferences.instruction, self.document.state.plan.text)
        if self.rows:
            self.show_pair(self.at)

    def keep_now(self) -> None:
        """Saves the corrections, unless the chain is broken."""
        self.keeping.stop()
        plan, words = self.document.state.plan, self.preferences.instruction.strip()
        invalid = self.review.faults() or not words or plan.empty
        if not self.document.is_open or (words, plan.text) == self._saved or invalid:
            return
        self._saved = (words, plan.text)
        change = {"instruction": words, "chain": plan.finished_text()}
        row, folder = self.row, self.training
        self.rows[self.at] = PairRow(row.name, words, change["chain"], row.source, row.target)
        self._write(lambda: store_pair(folder, row.name, change))

    def make_keeping(self) -> Keeping:
        return _IntoRow(self)

    def _write(self, work: Callable[[], None]) -> None:
        def alone() -> None:
            with self._file_lock:  # each write reads and replaces the whole file
                work()

        self.background.run(lambda say: alone(), lambda nothing: None, self.say)


class _IntoRow(Keeping):
    """Saves corrections to the pair's row instead of to a window's unsaved work."""

    def __init__(self, pairs: PairReview) -> None:
        super().__init__(pairs.recovery, pairs.background, lambda: None)
        self.pairs = pairs

    def keep(self) -> None:
        self.pairs.keep_now()


def _read(source: Path, target: Path) -> tuple[State, raster.Pyramid, raster.Pyramid]:
    before, after = pictures.read(source), pictures.read(target)
    assert before.base is not None and after.base is not None
    shown, target_shown = (raster.pyramid(base.image, base.icc_profile) for base in (before.base, after.base))
    return before, shown, target_shown
