"""Getting a model: what can be downloaded and under which terms, the download and the import."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Signal

from engine.api.errors import EngineError
from got_desktop import catalog, model_import
from got_desktop.background import Background
from got_desktop.model.chore import Chore

GOT_6B = "GoT-6B"


@dataclass(frozen=True)
class Terms:
    """The terms of one repository."""

    repository: str
    license: str
    text: str
    size: int
    """Bytes to download from the repository."""


@dataclass(frozen=True)
class Choice:
    """The available download."""

    offer: dict[str, Any]
    """The offer, in the form that `engine.models.download` accepts."""
    terms: tuple[Terms, ...]
    size: int
    remaining: int
    """Bytes still to download; less than `size` if an earlier download was interrupted."""
    free: int
    """Free bytes on the target disk."""

    @property
    def needed(self) -> int:
        """Disk space in bytes for the rest of the download and the imported model."""
        return self.remaining + self.size

    @property
    def interrupted(self) -> bool:
        return self.remaining < self.size


@dataclass(frozen=True)
class Progress:
    stage: str
    """ "look", "download", "check", "read" or "write"."""
    done: int = 0
    total: int = 0
    speed: float = 0.0
    """Bytes per second of a download."""

    @property
    def seconds_left(self) -> float | None:
        return (self.total - self.done) / self.speed if self.speed else None


class Getting(QObject):
    """Downloads or imports one model at a time. All signals are emitted on the UI thread."""

    changed = Signal()
    failed = Signal(object)
    """An EngineError."""
    imported = Signal(str)
    """The name of a model that was added to the catalog."""

    def __init__(self, background: Background) -> None:
        super().__init__()
        self.background = background
        self.choice: Choice | None = None
        self.progress: Progress | None = None
        """None if nothing is running."""
        self._chore: Chore | None = None
        self._speed = Speed()
        application = QCoreApplication.instance()
        assert application is not None
        application.aboutToQuit.connect(self.close)

    @property
    def downloads(self) -> Path:
        """The folder that keeps a download until it is imported."""
        return catalog.own_models() / f".{GOT_6B}.download"

    # the offer

    def look_up(self) -> None:
        """Fetches the available download and its terms."""
        self._begin("engine.models.download", {"folder": str(self.downloads)}, "look", self._read_offer)

    def _read_offer(self, answer: dict[str, Any]) -> None:
        self.background.run(lambda say: _choice(answer, self.downloads), self._set_choice, self._fail)

    def _set_choice(self, choice: Choice) -> None:
        self.choice = choice
        self._end()

    # download

    def download(self) -> None:
        """Downloads and imports the model. The user has accepted its terms."""
        assert self.choice is not None
        request = {"folder": str(self.downloads), "offer": self.choice.offer}
        self._speed = Speed()
        self._begin("engine.models.download", request, "download", lambda answer: self._import_download())

    def _import_download(self) -> None:
        self._import(self.downloads, GOT_6B, self._remove_download)

    def _remove_download(self) -> None:
        """Deletes the downloaded files, which are no longer needed after the import."""
        self.choice = None
        folder = self.downloads
        self.background.run(lambda say: shutil.rmtree(folder), lambda nothing: None, self._fail)

    def forget_download(self) -> None:
        """Deletes the partial download and a partial import of it."""
        folder, partial = self.downloads, model_import.partial_import(GOT_6B)
        self.choice = None
        self.progress = Progress("look")
        self.changed.emit()
        self.background.run(lambda say: _remove(folder, partial), lambda nothing: self._end(), self._fail)

    # import

    def import_folder(self, folder: Path) -> None:
        """Adds a model that is already on this machine: a native one is registered, a released one is converted."""
        self.progress = Progress("look")
        self.changed.emit()
        self.background.run(lambda say: model_import.look_into(folder), self._add, self._fail)

    def _add(self, model: model_import.ModelFolder) -> None:
        if model.kind == "native":
            self.background.run(lambda say: catalog.model_name(str(model.folder)), self._finish, self._fail)
        else:
            self._import(model.folder, model.checkpoint, lambda: None)

    def _import(self, folder: Path, checkpoint: str, after: object) -> None:
        name = catalog.free_name(checkpoint)
        request = [str(folder), str(catalog.own_models() / name), checkpoint, None, 448]

        def finish(answer: dict[str, Any]) -> None:
            assert callable(after)
            after()
            self._finish(name)

        self._begin("engine.models", request, "read", finish)

    # the process

    def cancel(self) -> None:
        """Stops the current process; a download can be resumed later."""
        if self._chore is not None:
            self._chore.stop()
        downloading = self._downloading
        self._end()
        if downloading:
            self.look_up()

    @property
    def _downloading(self) -> bool:
        return self.progress is not None and self.progress.stage in ("download", "check")

    def close(self) -> None:
        """Stops the current process before the program ends."""
        if self._chore is not None:
            chore, self._chore = self._chore, None
            chore.stop()
            chore.wait()

    def _begin(self, module: str, request: object, stage: str, on_end: object) -> None:
        self.progress = Progress(stage)
        self._chore = Chore(module, request, self)
        self._chore.progressed.connect(self._set_progress)
        self._chore.ended.connect(on_end)
        self._chore.failed.connect(self._fail)
        self.changed.emit()

    def _set_progress(self, stage: str, done: int, total: int) -> None:
        speed = self._speed.at(done, time.monotonic()) if stage == "download" else 0.0
        self.progress = Progress(stage, done, total, speed)
        self.changed.emit()

    def _finish(self, name: str) -> None:
        self._end()
        self.imported.emit(name)

    def _fail(self, error: EngineError) -> None:
        downloading = self._downloading
        self._end()
        self.failed.emit(error)
        if downloading:
            self.look_up()  # less remains to download

    def _end(self) -> None:
        self.progress = None
        self._chore = None
        self.changed.emit()


def _remove(*folders: Path) -> None:
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)


class Speed:
    """The download speed in bytes per second over the last ten seconds."""

    SPAN = 10.0

    def __init__(self) -> None:
        self._samples: list[tuple[float, int]] = []

    def at(self, done: int, now: float) -> float:
        self._samples = [(time, size) for time, size in self._samples if now - time <= self.SPAN] + [(now, done)]
        (first, before), (last, after) = self._samples[0], self._samples[-1]
        return (after - before) / (last - first) if last - first > 0.5 else 0.0


def _choice(answer: dict[str, Any], folder: Path) -> Choice:
    parts = answer["offer"]["parts"]
    sizes = [sum(file["size"] for file in part["files"]) for part in parts]
    terms = tuple(
        Terms(part["repository"], part["license"], part["terms"], size) for part, size in zip(parts, sizes, strict=True)
    )
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return Choice(answer["offer"], terms, sum(sizes), answer["remaining"], shutil.disk_usage(existing).free)
