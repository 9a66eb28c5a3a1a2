"""What a run tells those who watch it, and what they may tell the run: plain files in its folder.

log.jsonl has a line a step (losses, rate) and a line a validation; state.json is how the run stands, and which process
it is; a file `control` with the word "pause" or "stop" is obeyed after the current step, a signal to end means "stop".
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from engine.api.encoding import to_json
from engine.api.errors import EngineError, EngineUnavailable, RequestError
from engine.api.files import beside
from engine.api.protocol import ErrorReply
from engine.api.runtime import locked, process_start
from training.finetune.config import Training

CONTROL, LOG, STATE = "control", "log.jsonl", "state.json"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LOOK_EVERY = 0.5
"""Seconds between looks at what is wished while a run is paused."""
_ENDING = 10.0
"""Seconds that a run which said its last word may take to end."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """While no other process trains in this folder. Raises RequestError where one does."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        try:
            held.enter_context(locked(folder / "lock", _ENDING))
        except EngineUnavailable as error:
            raise RequestError(
                "run_in_use",
                "A training run is already active in {folder}.",
                "Wait until it ends, or stop it with --stop.",
                folder=folder,
            ) from error
        yield


class Journal:
    """Written by the main process only; all processes read what is wished."""

    def __init__(self, folder: Path, settings: Training, main: bool) -> None:
        self.folder, self.settings, self.main = folder, settings, main
        if main:
            (folder / CONTROL).unlink(missing_ok=True)  # a wish of the run before
        self._stop = False
        self._started, self._first = time.monotonic(), 0
        self._board: Any = None
        self.say("loading", 0)

    @contextmanager
    def running(self, start: int) -> Iterator[None]:
        """While it trains, signals ask it to stop; how it ended is in state.json."""
        before = {number: signal.signal(number, self._asked) for number in _SIGNALS}
        self._started, self._first = time.monotonic(), start
        if self.main and self.settings.tensorboard:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(self.folder / "tensorboard"))
        self.say("running", start)
        try:
            yield
            if self._read_state() == "running":
                self.say("finished", self.settings.steps)
        except EngineError as error:
            self.say("failed", self._step, message=str(error), error=to_json(ErrorReply.of(error)))
            raise
        finally:
            if self._board:
                self._board.close()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked(self, number: int, frame: object) -> None:
        self._stop = True

    def wish(self) -> str:
        """ "", "pause" or "stop"."""
        if self._stop:
            return "stop"
        try:
            word = (self.folder / CONTROL).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""
        return word if word in ("pause", "stop") else ""

    def encoding(self, done: int, total: int) -> None:
        self.say("encoding", 0, done=done, total=total)
        if self.main and (done == total or done % 100 == 0):
            print(f"encoded {done} of {total} pairs", flush=True)

    def paused(self, done: int) -> None:
        """A moment's wait, which the time that steps take does not count."""
        self.say("paused", done)
        time.sleep(_LOOK_EVERY)
        self._started += _LOOK_EVERY

    def step(self, done: int, losses: dict[str, float], rate: float, memory: int) -> None:
        """`memory`: bytes that the run has taken at most."""
        seconds = (time.monotonic() - self._started) / (done - self._first)
        row = {"step": done, **{k: round(v, 6) for k, v in losses.items()}, "learning_rate": rate}
        self._log(row)
        self.say("running", done, seconds_per_step=round(seconds, 3), memory=memory)
        if self.main and (done % 20 == 0 or done == self.settings.steps):
            left = seconds * (self.settings.steps - done)
            told = " ".join(f"{k} {v:.4f}" for k, v in losses.items())
            print(f"step {done} of {self.settings.steps}: {told} · {left / 60:.1f} min left", flush=True)

    def validated(self, done: int, figures: dict[str, Any]) -> None:
        self._log({"step": done, **{f"held_out_{k}": v for k, v in figures.items() if v is not None}})
        if self.main:
            print(f"step {done}, held out: {figures}", flush=True)

    def say(self, state: str, step: int, **more: Any) -> None:  # noqa: ANN401
        """How the run stands, replaced in one go.

        `state`: "loading", "encoding", "preflight", "running", "paused", "stopped", "failed" or "finished".
        """
        self._step = step
        if self.main:
            process = {"pid": os.getpid(), "started": process_start(os.getpid())}
            row = {"state": state, "step": step, "steps": self.settings.steps, **process, **more}
            with beside(self.folder / STATE) as temporary:
                temporary.write_text(json.dumps(row) + "\n", encoding="utf-8")
        self._state = state

    def _read_state(self) -> str:
        return self._state

    def _log(self, row: dict[str, Any]) -> None:
        if not self.main:
            return
        with open(self.folder / LOG, "a", encoding="utf-8") as file:
            file.write(json.dumps({"time": round(time.time(), 1), **row}) + "\n")
        if self._board:
            for name, value in row.items():
                if name not in ("step", "time"):
                    self._board.add_scalar(name, value, row["step"])


def tell(folder: Path, wish: str) -> None:
    """Asks the run in a folder to pause or stop, or with "" to go on. Raises RequestError where there is none."""
    if not (folder / STATE).is_file():
        raise RequestError(
            "run_unknown", "There is no run in {folder}.", "Use its configuration, or --runs.", folder=folder
        )
    if not wish:
        (folder / CONTROL).unlink(missing_ok=True)
    else:
        (folder / CONTROL).write_text(wish, encoding="utf-8")
