"""How a model comes to this machine: what there is to download and under which terms, the download, the import."""

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
    """Of one repository that is downloaded from."""

    repository: str
    license: str
    text: str
    size: int
    """Bytes that come from it."""


@dataclass(frozen=True)
class Choice:
    """What can be downloaded."""

    offer: dict[str, Any]
    """As `engine.models.download` takes it back."""
    terms: tuple[Terms, ...]
    size: int
    remaining: int
    """Bytes that are not here yet; less than `size` where a download was begun before."""
    free: int
    """Bytes on the disk that they go to."""

    @property
    def needed(self) -> int:
        """Bytes on the disk: what is still to be loaded, and the model that is made of it."""
        return self.remaining + self.size

    @property
    def begun(self) -> bool:
        return self.remaining < self.size


@dataclass(frozen=True)
class Progress:
    stage: str
    """ "look", "download", "check", "read" or "write"."""
    done: int = 0
    total: int = 0
    speed: float = 0.0
    """Bytes a second, of a download."""

    @property
    def seconds_left(self) -> float | None:
        return (self.total - self.done) / self.speed if self.speed else None


class Getting(QObject):
    """One model at a time. All its signals come on the UI thread."""

    changed = Signal()
    failed = Signal(object)
    """An EngineError."""
    got = Signal(str)
    """A model of that name is in the catalog now."""

    def __init__(self, background: Background) -> None:
        super().__init__()
        self.background = background
        self.choice: Choice | None = None
        self.progress: Progress | None = None
        """None: nothing is under way."""
        self._chore: Chore | None = None
        self._speed = Speed()
        application = QCoreApplication.instance()
        assert application is not None
        application.aboutToQuit.connect(self.close)

    @property
    def downloads(self) -> Path:
        """Where a download is kept until it is imported."""
        return catalog.own_models() / f".{GOT_6B}.download"

    # what there is

    def look_up(self) -> None:
        """Asks what there is to download, and under which terms."""
        self._begin("engine.models.download", {"folder": str(self.downloads)}, "look", self._looked_up)

    def _looked_up(self, said: dict[str, Any]) -> None:
        self.background.run(lambda say: _choice(said, self.downloads), self._chosen, self._fail)

    def _chosen(self, choice: Choice) -> None:
        self.choice = choice
        self._end()

    # download

    def download(self) -> None:
        """Loads what the choice names, and imports it. The user has accepted its terms."""
        assert self.choice is not None
        given = {"folder": str(self.downloads), "offer": self.choice.offer}
        self._speed = Speed()
        self._begin("engine.models.download", given, "download", lambda said: self._import_download())

    def _import_download(self) -> None:
        self._import(self.downloads, GOT_6B, self._remove_download)

    def _remove_download(self) -> None:
        """The model is made: what it was made of is not needed any more."""
        self.choice = None
        folder = self.downloads
        self.background.run(lambda say: shutil.rmtree(folder), lambda nothing: None, self._fail)

    def forget_download(self) -> None:
        """Deletes what was loaded so far, and what an import made of it."""
        folder, begun = self.downloads, model_import.begun_import(GOT_6B)
        self.choice = None
        self.progress = Progress("look")
        self.changed.emit()
        self.background.run(lambda say: _remove(folder, begun), lambda nothing: self._end(), self._fail)

    # import

    def import_folder(self, folder: Path) -> None:
        """A model that is on this machine already: a native one is remembered, a released one is converted."""
        self.progress = Progress("look")
        self.changed.emit()
        self.background.run(lambda say: model_import.look_into(folder), self._found, self._fail)

    def _found(self, found: model_import.Found) -> None:
        if found.kind == "native":
            self.background.run(lambda say: catalog.model_name(str(found.folder)), self._done, self._fail)
        else:
            self._import(found.folder, found.checkpoint, lambda: None)

    def _import(self, folder: Path, checkpoint: str, after: object) -> None:
        name = catalog.free_name(checkpoint)
        given = [str(folder), str(catalog.own_models() / name), checkpoint, None, 448]

        def imported(said: dict[str, Any]) -> None:
            assert callable(after)
            after()
            self._done(name)

        self._begin("engine.models", given, "read", imported)

    # what runs

    def cancel(self) -> None:
        """Ends what runs; a download goes on from there the next time."""
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
        """Before the program ends."""
        if self._chore is not None:
            chore, self._chore = self._chore, None
            chore.stop()
            chore.wait()

    def _begin(self, module: str, given: object, stage: str, on_end: object) -> None:
        self.progress = Progress(stage)
        self._chore = Chore(module, given, self)
        self._chore.progressed.connect(self._progressed)
        self._chore.ended.connect(on_end)
        self._chore.failed.connect(self._fail)
        self.changed.emit()

    def _progressed(self, stage: str, done: int, total: int) -> None:
        speed = self._speed.at(done, time.monotonic()) if stage == "download" else 0.0
        self.progress = Progress(stage, done, total, speed)
        self.changed.emit()

    def _done(self, name: str) -> None:
        self._end()
        self.got.emit(name)

    def _fail(self, error: EngineError) -> None:
        downloading = self._downloading
        self._end()
        self.failed.emit(error)
        if downloading:
            self.look_up()  # less is missing now

    def _end(self) -> None:
        self.progress = None
        self._chore = None
        self.changed.emit()


def _remove(*folders: Path) -> None:
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)


class Speed:
    """Bytes a second over the last ten seconds."""

    SPAN = 10.0

    def __init__(self) -> None:
        self._seen: list[tuple[float, int]] = []

    def at(self, done: int, now: float) -> float:
        self._seen = [(when, much) for when, much in self._seen if now - when <= self.SPAN] + [(now, done)]
        (first, before), (last, after) = self._seen[0], self._seen[-1]
        return (after - before) / (last - first) if last - first > 0.5 else 0.0


def _choice(said: dict[str, Any], folder: Path) -> Choice:
    parts = said["offer"]["parts"]
    sizes = [sum(file["size"] for file in part["files"]) for part in parts]
    terms = tuple(
        Terms(part["repository"], part["license"], part["terms"], size) for part, size in zip(parts, sizes, strict=True)
    )
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return Choice(said["offer"], terms, sum(sizes), said["remaining"], shutil.disk_usage(there).free)
