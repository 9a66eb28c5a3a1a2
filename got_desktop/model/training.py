"""Trainings: their pairs are read and they run as processes of their own, which go on when the app is closed."""

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
_started: list[subprocess.Popen[bytes]] = []
"""Trainers that this process started and that run: the system asks for one that waits for their end."""
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
"""For the model that comes with the program and a few dozen pairs; the trainer's own are for GoT-6B."""


class Trainings(QObject):
    """Looks after the folders of all trainings; its signals come on the UI thread."""

    changed = Signal()
    failed = Signal(object)
    """An EngineError."""

    def __init__(self, home: Path, background: Background) -> None:
        super().__init__()
        self.home, self.background = home, background
        self.names: tuple[str, ...] = ()
        self.shown: Training | None = None
        self.busy = False
        """Something is done with one just now."""
        self._chosen = self._unreadable = ""
        self._looking = self._look_again = False
        self._timer = QTimer(self, interval=_LOOK_EVERY)
        self._timer.timeout.connect(self.look)
        self.look()

    # what there is

    def look(self) -> None:
        """Reads the folders in the background."""
        if self._looking:
            self._look_again = True
            return
        self._looking, self._look_again = True, False
        home, chosen = self.home, self._chosen
        self.background.run(
            lambda say: _read(home, chosen), lambda found: self._seen(chosen, *found), lambda error: self._unseen(error)
        )

    def _seen(self, chosen: str, names: tuple[str, ...], shown: Training | None) -> None:
        self._looking, self._unreadable = False, ""
        if chosen == self._chosen and (names, shown) != (self.names, self.shown):
            self.names, self.shown = names, shown
            self._chosen = shown.name if shown else ""
            self.changed.emit()
        if self._look_again:
            self.look()

    def _unseen(self, error: EngineError) -> None:
        """Said once, however often it is looked again."""
        self._looking = False
        if error.message != self._unreadable:
            self._unreadable = error.message
            self.failed.emit(error)

    def choose(self, name: str) -> None:
        self._chosen = name
        self.look()

    def watch(self, on: bool) -> None:
        """Looks again and again, or no longer; what runs goes on either way."""
        if on:
            self.look()
            self._timer.start()
        else:
            self._timer.stop()

    # a new one

    def begin(self, data: Path, base: str, describe: bool) -> None:
        """Makes a training of the pairs in a folder or file, and reads them in a process of their own."""

        def begun(name: str) -> None:
            self._chosen = name
            self._done()

        self.busy = True
        self.changed.emit()
        self.background.run(lambda say: _begin(self.home, data, base, describe), begun, self._fail)

    def read_on(self) -> None:
        """Goes on reading pairs where that was broken off."""
        folder = self._folder()
        self._do_once(lambda: _annotate(folder))

    # its configuration

    def set_value(self, key: str, value: object) -> None:
        folder = self._folder()

        def write() -> None:
            files.set_values(folder / files.CONFIG, {key: value})
            (folder / files.RUN / "preflight.json").unlink(missing_ok=True)  # it was of another configuration

        self._do(write)

    # its run

    def start(self, device: str) -> None:
        """Starts it, or goes on from its last checkpoint; `device` is "cpu" or "cuda"."""
        folder = self._folder()
        self._do_once(lambda: _train(folder, device))

    def pause(self) -> None:
        self._tell("pause")

    def stop(self) -> None:
        """It saves and ends; starting it goes on from there."""
        self._tell("stop")

    def go_on(self) -> None:
        """A run that is paused goes on; one without a process is started on the device that it had."""
        assert self.shown is not None
        if self.shown.standing.state == "paused":
            self._tell("")
        else:
            self.start(files.read_json(self._folder() / "train.json")["device"])

    def delete(self) -> None:
        """Deletes pairs, checkpoints and samples; the adapter stays."""
        folder = self._folder()
        gone = folder.with_name(f".{folder.name}.deleted")
        self._chosen = ""

        def remove() -> None:
            os.replace(folder, gone)  # in one go: nothing half-deleted is ever read
            shutil.rmtree(gone)

        self._do(remove)

    def _tell(self, wish: str) -> None:
        control = self._folder() / files.RUN / files.CONTROL
        self._do(lambda: replace_file(control, wish.encode()) if wish else control.unlink(missing_ok=True))

    def _folder(self) -> Path:
        assert self.shown is not None
        return self.shown.folder

    def _do_once(self, work: Callable[[], object]) -> None:
        """A second press of the button before the first has had its effect is none."""
        if not self.busy:
            self.busy = True
            self._do(work)

    def _do(self, work: Callable[[], object]) -> None:
        folder = self._folder()

        def unless_gone(say: object) -> None:
            try:
                work()
            except (OSError, EngineError):
                if folder.exists():  # else it was deleted meanwhile, and this with it
                    raise

        self.background.run(unless_gone, lambda nothing: self._done(), self._fail)

    def _done(self) -> None:
        self.busy = False
        self.changed.emit()
        self.look()

    def _fail(self, error: EngineError) -> None:
        self.busy = False
        self.changed.emit()
        self.failed.emit(error)


def _read(home: Path, chosen: str) -> tuple[tuple[str, ...], Training | None]:
    """All names, and the one that is chosen: without a choice, one that runs, or the newest."""
    names = files.names(home)
    if chosen not in names:
        running = [name for name in names if files.standing(home / name).state in files.ACTIVE]
        chosen = (running or names or [""])[0]
    try:
        return tuple(names), files.read(home / chosen) if chosen else None
    except FileNotFoundError:  # it was deleted meanwhile
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
    """That name, or with a number behind it, which no training and no adapter has."""
    names = [name, *(f"{name}-{number}" for number in range(2, 1000))]
    return next(one for one in names if not (home / one).exists() and not (adapters.own_folder() / one).exists())


def _run(*words: str) -> None:
    """One command of the trainer's, to its end. Raises EngineError with what it said."""
    ended = subprocess.run(module_command(*words), capture_output=True, text=True, check=False)
    if ended.returncode:
        last = ended.stderr.strip().rpartition("\n")[2].removeprefix("error: ")
        raise EngineError("trainer_failed", "{last}", last=last)


def _annotate(folder: Path) -> None:
    if alive(files.read_json(folder / "annotate.json")):
        return
    about = files.read_json(folder / "pairs.json")
    words = [about["data"], "-o", str(folder / files.DATA)] + (["--model", about["model"]] if about["model"] else [])
    _launch(folder, "annotate", ["training.annotate", *words], {})


def _train(folder: Path, device: str) -> None:
    if files.standing(folder).state in files.ACTIVE:  # started by another window a moment ago
        return
    words = ["training", str(folder / files.CONFIG), "--runs", str(folder / files.RUN), "--device", device]
    _launch(folder, "train", words, {"device": device})


def _launch(folder: Path, name: str, words: list[str], about: Mapping[str, str]) -> None:
    """Starts a process that outlives this one; NAME.json says which it is, NAME.log gets what it says.

    Raises EngineUnavailable where it cannot be started.
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
                start_new_session=os.name != "nt",  # Ctrl+C in the app's terminal is not for the trainer
            )
    except OSError as error:
        raise EngineUnavailable(
            "trainer_failed", "The trainer could not be started: {reason}.", "", reason=error.strerror
        ) from error
    _started[:] = [*(one for one in _started if one.poll() is None), process]
    row = {"pid": process.pid, "started": process_start(process.pid), **about}
    replace_file(folder / f"{name}.json", json.dumps(row).encode())
