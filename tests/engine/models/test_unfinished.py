"""An interrupted import is continued: finished files are kept if they are intact and from the same checkpoint."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from engine.api.errors import ModelError, OutputError
from engine.api.notes import Note
from engine.api.runtime import locked
from engine.models import catalog, convert, import_process
from engine.models.convert import import_released
from engine.models.unfinished import _read, unfinished
from tests import campaign
from tests.engine.models.released import PEFT, PLAIN, Released
from tests.ready import Ready

SMALL_FILES: dict[str, Any] = {"max_shard_size": 200_000}
OnProgress = Callable[[str, int, int], None]


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """The bytes and permissions of every file."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mode) for path in files}


def listed(folder: Path) -> dict[str, str]:
    """The finished files, according to the folder's own list."""
    return json.loads((folder / ".native.partial" / "finished.json").read_text())["files"]


def stop_after(part: int) -> OnProgress:
    def on_progress(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("write", part):
            raise KeyboardInterrupt

    return on_progress


@pytest.fixture
def whole(golden: Path, tmp_path: Path) -> dict[str, tuple[bytes, int]]:
    """The result of an uninterrupted import."""
    Released(golden).convert(tmp_path / "whole" / "native", **SMALL_FILES)
    return contents(tmp_path / "whole" / "native")


@pytest.fixture
def begun(released: Released, tmp_path: Path) -> Path:
    """An import that was interrupted after its first part; the folder next to its unfinished files."""
    with pytest.raises(KeyboardInterrupt):
        released.convert(tmp_path / "models" / "native", on_progress=stop_after(1), **SMALL_FILES)
    return tmp_path / "models"


def saved(released: Released, output: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> list[str]:
    """Imports to the end. Returns the weight files that were written for it."""
    from engine.got.files import weights

    names, save = [], weights.save_file

    def noted(tensors: dict, path: Path, metadata: dict) -> None:
        names.append(path.name)
        save(tensors, path, metadata)

    monkeypatch.setattr(weights, "save_file", noted)
    released.convert(output, **SMALL_FILES | options)
    return names


def test_finished_files_are_not_written_again(released: Released, begun: Path, whole: dict, monkeypatch):
    finished = listed(begun)
    assert len(finished) > 3 and all(name.startswith("mllm/") for name in finished)
    notes: list[Note] = []
    written = saved(released, begun / "native", monkeypatch, on_note=notes.append)
    assert [note.text for note in notes] == [
        f"The import resumes where the last one stopped; {len(finished)} of its files are kept."
    ]
    assert not [name for name in written if name.startswith("model-")]
    assert contents(begun / "native") == whole and [path.name for path in begun.iterdir()] == ["native"]


def test_kept_files_are_reported_and_not_listed_as_a_model(released: Released, tmp_path: Path, monkeypatch):
    notes: list[Note] = []
    with pytest.raises(KeyboardInterrupt), unfinished(tmp_path / "native", notes.append):
        raise KeyboardInterrupt  # nothing is finished, so nothing is reported
    assert notes == []
    with pytest.raises(KeyboardInterrupt):
        released.convert(tmp_path / "native", on_progress=stop_after(4), on_note=notes.append)
    text = f"The finished files (4) are kept in {tmp_path / '.native.partial'}"
    assert [note.text for note in notes] == [f"{text}; the same import resumes from there."]
    monkeypatch.setenv("GOT_MODELS", str(tmp_path))
    assert [entry.name for entry in catalog.list_models()] == ["got-mini"]


def test_a_damaged_file_is_written_again(released: Released, begun: Path, whole: dict, monkeypatch):
    files = sorted((begun / ".native.partial" / "model" / "mllm").glob("*.safetensors"))
    damaged = bytearray(files[0].read_bytes())
    damaged[-1] ^= 1
    files[0].write_bytes(damaged)
    os.truncate(files[1], 100)
    files[2].unlink()
    (files[0].parent / "stray.safetensors").write_bytes(b"of another program")
    written = saved(released, begun / "native", monkeypatch)
    assert [name for name in written if name.startswith("model-")] == [path.name for path in files[:3]]
    assert contents(begun / "native") == whole


def test_a_broken_list_is_ignored(released: Released, begun: Path, whole: dict):
    (begun / ".native.partial" / "finished.json").write_text('{"files": {"mllm/')
    released.convert(begun / "native", **SMALL_FILES)
    assert contents(begun / "native") == whole


@pytest.mark.parametrize("origin", ["the checkpoint", "a config", "the checkpoint's name", "the dtype"])
def test_files_of_another_origin_are_not_mixed_in(
    released: Released, begun: Path, tmp_path: Path, monkeypatch, origin: str
):
    options: dict[str, Any] = {}
    if origin == "the checkpoint":
        released.write_shards({key: tensor + 1 for key, tensor in released.tensors().items()}, "pytorch_model", "bin")
    elif origin == "a config":
        os.utime(released.folder / "stable-diffusion-xl-base-1.0" / "vae" / "config.json", ns=(1, 1))
    elif origin == "the checkpoint's name":
        options = {"checkpoint": PEFT}
    else:
        options = {"dtype": "float16"}
    notes: list[Note] = []
    saved(released, begun / "native", monkeypatch, on_note=notes.append, **options)
    assert notes == []
    released.convert(tmp_path / "fresh" / "native", **SMALL_FILES | options)
    assert contents(begun / "native") == contents(tmp_path / "fresh" / "native")


def test_a_checkpoint_that_changes_during_the_import_is_refused(released: Released, tmp_path: Path):
    def touch(stage: str, done: int, total: int) -> None:
        if stage == "write":
            os.utime(next(iter((released.folder / PLAIN).glob("*.bin"))))

    with pytest.raises(ModelError, match="changed while it was imported"):
        released.convert(tmp_path / "native", on_progress=touch)
    assert not (tmp_path / "native").exists()
    released.convert(tmp_path / "native")


def test_disk_space_is_needed_only_for_the_remaining_files(released: Released, begun: Path, monkeypatch):
    partial = begun / ".native.partial" / "model"
    there = sum((partial / name).stat().st_size for name in listed(begun))
    shutil.copytree(begun, begun.parent / "copy")
    released.convert(begun / "native", **SMALL_FILES)
    everything = sum(path.stat().st_size for path in (begun / "native").rglob("*.safetensors"))
    (begun.parent / "copy").rename(begun.parent / "copied")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=everything - there))
    released.convert(begun.parent / "copied" / "native", **SMALL_FILES)
    with pytest.raises(OutputError, match="The model needs"):
        released.convert(begun.parent / "fresh" / "native", **SMALL_FILES)


def test_two_imports_to_one_folder_exclude_each_other(released: Released, begun: Path):
    before = contents(begun)
    lock = locked(begun / ".native.partial" / "lock", 0.0)
    with lock, pytest.raises(OutputError, match="Another import is writing"):
        released.convert(begun / "native", **SMALL_FILES)
    assert contents(begun) == before


# kill -9


@pytest.fixture
def ready(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ready]:
    """Every import process is forked from one that has imported the libraries."""
    programs = Ready(Path(import_process.__file__), tmp_path_factory.mktemp("ready"))

    class Forked(subprocess.Popen):
        def __init__(self, command: list[str], **options: Any) -> None:
            super().__init__(programs.command, **options)

    monkeypatch.setattr(convert.subprocess, "Popen", Forked)
    yield programs
    programs.close()


def kill_amid_a_file(place: Path, number: int, kill: Callable[[], None], has_ended: threading.Event) -> None:
    """Kills the process once this many files are finished and another one is partly written."""
    while not has_ended.wait(0.001):
        # suppressed: the import was faster, and its folder or process is gone
        with contextlib.suppress(FileNotFoundError, psutil.NoSuchProcess):
            finished = _read(place / "finished.json").get("files", {})
            files = {path.relative_to(place / "model").as_posix() for path in place.glob("model/**/*.safetensors")}
            if len(finished) >= number and files - finished.keys():
                kill()
                return


@pytest.mark.full
def test_killed_while_writing_a_file_it_continues_to_the_same_bytes(golden: Path, tmp_path: Path, whole: dict, ready):
    options: dict[str, Any] = {"source_size": 112, "name": "mine", "license": "as released", **SMALL_FILES}
    native, place, random_ = tmp_path / "native", tmp_path / ".native.partial", random.Random(7)
    finished = kills = 0
    while kills < campaign.times(2, 12):
        number, has_ended = finished + random_.randint(1, 3), threading.Event()
        watch = threading.Thread(target=kill_amid_a_file, args=(place, number, ready.kill_programs, has_ended))
        watch.start()
        try:
            import_released(golden, native, **options)
        except ModelError as killed:
            assert f"status -{signal.SIGKILL}" in str(killed)
            files = {path.relative_to(place / "model").as_posix() for path in place.glob("model/**/*.safetensors")}
            assert files == listed(tmp_path).keys() and number <= len(files)
            finished, kills = len(files), kills + 1
        else:  # finished before the kill: start again
            assert contents(native) == whole
            shutil.rmtree(native)
            finished = 0
        finally:
            has_ended.set()
            watch.join()
    notes: list[Note] = []
    import_released(golden, native, on_note=notes.append, **options)
    assert [note.text for note in notes] == (
        [f"The import resumes where the last one stopped; {finished} of its files are kept."] if finished else []
    )
    assert contents(native) == whole and not place.exists()


@pytest.mark.full
def test_the_process_ends_when_its_parent_is_killed(golden: Path, tmp_path: Path, whole: dict):
    """Otherwise it would continue to write during the next import."""
    arguments = json.dumps([str(golden), str(tmp_path / "native"), PLAIN, None, 112])
    command = [sys.executable, "-m", "engine.models", arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdout is not None and "read" in asking.stdout.readline()
        (child,) = psutil.Process(asking.pid).children()
        asking.kill()
    child.wait(600)
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert "none missing, none left over" in lines[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["native", "whole"]
