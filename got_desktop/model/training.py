"""Trainings: reading pairs and training are separate processes, which continue when the app is closed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.api.errors import EngineError, EngineUnavailable, OutputError
from engine.api.runtime import process_start
from got_desktop import adapters
from got_desktop.background import Background
from got_desktop.child import module_command
from got_desktop.model import training_files as files
from got_desktop.model.settings import replace_file
from got_desktop.model.training_files import Training, alive

_LOOK_EVERY = 700
_DETACHED = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
_processes: list[subprocess.Popen[bytes]] = []
"""Running trainers that this process started; the parent process has to wait for their end."""
_FIRST_VALUES: Mapping[str, Any] = {
    "adapter.dropout": 0.0,
    "adapter.convolutions": True,
    "training.steps": 400,
    "training.learning_rate": 5e-3,
    "training.warmup": 10,
    "training.ema": 0.97,
    "training.save_every": 40,
    "training.precision": "float32",
    "loss.drop": 0.0,
    "loss.noise_offset": 0.0,
    "loss.inside": 4.0,
    "validation.every": 100,
}
"""Defaults for the included model and a few dozen pairs; the trainer's own defaults are for GoT-6B."""


class Trainings(QObject):
    """The folders of all trainings; signals are emitted on the UI thread."""

    changed = Signal()
    failed = Signal(object)
    """An EngineError."""

    def __init__(self, home: Path, background: Background) -> None:
        super().__init__()
        self.home, self.background = home, background
        self.names: tuple[str, ...] = ()
        self.current: Training | None = None
        self.busy = False
        """A command for a training is in progress."""
        self._selected = self._unreadable = ""
        self._looking = self._look_again = False
        self._timer = QTimer(self, interval=_LOOK_EVERY)
        self._timer.timeout.connect(self.look)
        self.look()

    # the list

    def look(self) -> None:
        """Reads the folders in the background."""
        if self._looking:
            self._look_again = True
            return
        self._looking, self._look_again = True, False
        home, selected = self.home, self._selected
        self.background.run(
            lambda say: _read(home, selected), lambda read: self._show(selected, *read), self._fail_look
        )

    def _show(self, selected: str, names: tuple[str, ...], current: Training | None) -> None:
        self._looking, self._unreadable = False, ""
        if selected == self._selected and (names, current) != (self.names, self.current):
            self.names, self.current = names, current
            self._selected = current.name if current else ""
            self.changed.emit()
        if self._look_again:
            self.look()

    def _fail_look(self, error: EngineError) -> None:
        """Reports the same error only once."""
        self._looking = False
        if error.message != self._unreadable:
            self._unreadable = error.message
            self.failed.emit(error)

    def choose(self, name: str) -> None:
        self._selected = name
        self.look()

    def watch(self, on: bool) -> None:
        """Starts or stops watching the folders; running trainings continue either way."""
        if on:
            self.look()
            self._timer.start()
        else:
            self._timer.stop()

    # a new one

    def begin(self, data: Path, base: str, describe: bool) -> None:
        """Creates a training from the pairs in a folder or file, and reads them in a separate process."""

        def finish(name: str) -> None:
            self._selected = name
            self._finish()

        self.busy = True
        self.changed.emit()
        self.background.run(lambda say: _begin(self.home, data, base, describe), finish, self._fail)

    def read_on(self) -> None:
        """Resumes reading pairs after an interruption."""
        folder = self._folder()
        self._do_once(lambda: _annotate(folder))

    # its configuration

    def set_value(self, key: str, value: object) -> None:
        folder = self._folder()

        def write() -> None:
            files.set_values(folder / files.CONFIG, {key: value})
            (folder / files.RUN / "preflight.json").unlink(missing_ok=True)  # it was for another configuration

        self._do(write)

    # its run

    def start(self, device: str) -> None:
        """Starts the run, or resumes it from its last checkpoint; `device` is "cpu" or "cuda"."""
        folder = self._folder()
        self._do_once(lambda: _train(folder, device))

    def pause(self) -> None:
        self._tell("pause")

    def stop(self) -> None:
        """Saves a checkpoint and ends the run, which can be resumed later."""
        self._tell("stop")

    def resume(self) -> None:
        """Resumes a paused run; one without a process is started on its previous device."""
        assert self.current is not None
        if self.current.status.state == "paused":
            self._tell("")
        else:
            self.start(files.read_json(self._folder() / "train.json")["device"])

    def delete(self) -> None:
        """Deletes pairs, checkpoints and samples; the adapter is kept."""
        folder = self._folder()
        trash = folder.with_name(f".{folder.name}.deleted")
        self._selected = ""

        def remove() -> None:
            os.replace(folder, trash)  # atomic, so that a partly deleted folder is never read
            shutil.rmtree(trash)

        self._do(remove)

    def _tell(self, wish: str) -> None:
        control = self._folder() / files.RUN / files.CONTROL
        self._do(lambda: replace_file(control, wish.encode()) if wish else control.unlink(missing_ok=True))

    def _folder(self) -> Path:
        assert self.current is not None
        return self.current.folder

    def _do_once(self, work: Callable[[], object]) -> None:
        """Ignores a second click on a button while the first is in progress."""
        if not self.busy:
            self.busy = True
            self._do(work)

    def _do(self, work: Callable[[], object]) -> None:
        folder = self._folder()

        def run(say: object) -> None:
            try:
                work()
            except (OSError, EngineError):
                if folder.exists():  # otherwise the training was deleted meanwhile
                    raise

        self.background.run(run, lambda nothing: self._finish(), self._fail)

    def _finish(self) -> None:
        self.busy = False
        self.changed.emit()
        self.look()

    def _fail(self, error: EngineError) -> None:
        self.busy = False
        self.changed.emit()
        self.failed.emit(error)


def _read(home: Path, selected: str) -> tuple[tuple[str, ...], Training | None]:
    """All names, and the selected training; if none is selected, a running one or the newest."""
    names = files.names(home)
    if selected not in names:
        running = [name for name in names if files.status(home / name).state in files.ACTIVE]
        selected = (running or names or [""])[0]
    try:
        return tuple(names), files.read(home / selected) if selected else None
    except FileNotFoundError:  # the training was deleted meanwhile
        return _read(home, "")


def _begin(home: Path, data: Path, base: str, describe: bool) -> str:
    name = _free(data.stem or "training", home)
    folder = home / name
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise OutputError(
            "output_unwritable",
            "{folder} cannot be created: {reason}.",
            "Free some space.",
            folder=folder,
            reason=error.strerror,
        ) from error
    _run("training", str(folder / files.CONFIG), "--init")
    own = {
        "name": name,
        "base": base,
        "data": str(folder / files.DATA),
        "output": str(adapters.own_folder() / name),
    }
    files.set_values(folder / files.CONFIG, own | (dict(_FIRST_VALUES) if base == "got-mini" else {}))
    about = {"data": str(data), "model": base if describe else ""}
    replace_file(folder / "pairs.json", json.dumps(about).encode())
    _annotate(folder)
    return name


def _free(name: str, home: Path) -> str:
    """The name, with a number appended if a training or an adapter already has it."""
    names = [name, *(f"{name}-{number}" for number in range(2, 1000))]
    return next(one for one in names if not (home / one).exists() and not (adapters.own_folder() / one).exists())


def _run(*words: str) -> None:
    """Runs a command of the trainer to its end. Raises EngineError with the trainer's error."""
    process = subprocess.run(module_command(*words), capture_output=True, text=True, check=False)
    if process.returncode:
        last = process.stderr.strip().rpartition("\n")[2].removeprefix("error: ")
        raise EngineError("trainer_failed", "{last}", last=last)


def _annotate(folder: Path) -> None:
    if alive(files.read_json(folder / "annotate.json")):
        return
    about = files.read_json(folder / "pairs.json")
    words = [about["data"], "-o", str(folder / files.DATA)] + (["--model", about["model"]] if about["model"] else [])
    _launch(folder, "annotate", ["training.annotate", *words], {})


def _train(folder: Path, device: str) -> None:
    if files.status(folder).state in files.ACTIVE:  # another window has just started it
        return
    words = ["training", str(folder / files.CONFIG), "--runs", str(folder / files.RUN), "--device", device]
    _launch(folder, "train", words, {"device": device})


def _launch(folder: Path, name: str, words: list[str], about: Mapping[str, str]) -> None:
    """Starts a process that outlives this one; NAME.json identifies it, and its output goes to NAME.log.

    Raises EngineUnavailable if it cannot be started.
    """
    try:
        with open(folder / f"{name}.log", "wb") as log:
            process = subprocess.Popen(
                module_command(*words),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                creationflags=_DETACHED,
                start_new_session=os.name != "nt",  # Ctrl+C in the app's terminal must not reach the trainer
            )
    except OSError as error:
        raise EngineUnavailable(
            "trainer_failed", "The trainer could not be started: {reason}.", "", reason=error.strerror
        ) from error
    _processes[:] = [*(one for one in _processes if one.poll() is None), process]
    row = {"pid": process.pid, "started": process_start(process.pid), **about}
    replace_file(folder / f"{name}.json", json.dumps(row).encode())
