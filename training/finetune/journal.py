"""The journal of a run: plain files in its folder that report its progress and control it.

log.jsonl has a line for each step (losses, learning rate) and for each validation. state.json has the run's state and
its process. If a file `control` contains the word "pause" or "stop", the run obeys after the current step; SIGINT and
SIGTERM mean "stop".
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
_POLL_INTERVAL = 0.5
"""Seconds between checks for a request while a run is paused."""
_ENDING = 10.0
"""Seconds to wait for a run that is about to end."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Locks the folder, so that no other process trains in it. Raises RequestError if one already does."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(folder / "lock", _ENDING))
        except EngineUnavailable as error:
            raise RequestError(
                "run_in_use",
                "A training run is already active in {folder}.",
                "Wait until it ends, or stop it with --stop.",
                folder=folder,
            ) from error
        yield


class Journal:
    """Reports on a run from its main process, and reads requests in all processes."""

    def __init__(self, folder: Path, settings: Training, main: bool) -> None:
        self.folder, self.settings, self.main = folder, settings, main
        if main:
            (folder / CONTROL).unlink(missing_ok=True)  # a request to the previous run
        self._stop = False
        self._start_time, self._first = time.monotonic(), 0
        self._board: Any = None
        self.say("loading", 0)

    @contextmanager
    def running(self, start: int) -> Iterator[None]:
        """Turns signals into a request to stop for the time of the training, and writes the final state."""
        handlers = {number: signal.signal(number, self._request_stop) for number in _SIGNALS}
        self._start_time, self._first = time.monotonic(), start
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
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _request_stop(self, number: int, frame: object) -> None:
        self._stop = True

    def request(self) -> str:
        """Returns the current request: "", "pause" or "stop"."""
        if self._stop:
            return "stop"
        try:
            word = (self.folder / CONTROL).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""
        return word if word in ("pause", "stop") else ""

    def encoding(self, count: int, total: int) -> None:
        """Reports that `count` of `total` pairs are encoded."""
        self.say("encoding", 0, done=count, total=total)
        if self.main and (count == total or count % 100 == 0):
            print(f"encoded {count} of {total} pairs", flush=True)

    def pause(self, step: int) -> None:
        """Reports a paused run and waits for a moment, which does not count as training time."""
        self.say("paused", step)
        time.sleep(_POLL_INTERVAL)
        self._start_time += _POLL_INTERVAL

    def step(self, step: int, losses: dict[str, float], rate: float, memory: int) -> None:
        """Reports a step, counted from 1; `memory` is the run's peak in bytes."""
        seconds = (time.monotonic() - self._start_time) / (step - self._first)
        row = {"step": step, **{k: round(v, 6) for k, v in losses.items()}, "learning_rate": rate}
        self._log(row)
        self.say("running", step, seconds_per_step=round(seconds, 3), memory=memory)
        if self.main and (step % 20 == 0 or step == self.settings.steps):
            left = seconds * (self.settings.steps - step)
            values = " ".join(f"{k} {v:.4f}" for k, v in losses.items())
            print(f"step {step} of {self.settings.steps}: {values} · {left / 60:.1f} min left", flush=True)

    def validation(self, step: int, figures: dict[str, Any]) -> None:
        """Reports the figures of the held-out pairs after a step."""
        self._log({"step": step, **{f"held_out_{k}": v for k, v in figures.items() if v is not None}})
        if self.main:
            print(f"step {step}, held out: {figures}", flush=True)

    def say(self, state: str, step: int, **more: Any) -> None:  # noqa: ANN401
        """Replaces the run's state atomically.

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


def tell(folder: Path, request: str) -> None:
    """Sends a request to the run in a folder: "pause", "stop", or "" to continue. Raises RequestError without a run."""
    if not (folder / STATE).is_file():
        raise RequestError(
            "run_unknown", "There is no run in {folder}.", "Use its configuration, or --runs.", folder=folder
        )
    if not request:
        (folder / CONTROL).unlink(missing_ok=True)
    else:
        (folder / CONTROL).write_text(request, encoding="utf-8")
