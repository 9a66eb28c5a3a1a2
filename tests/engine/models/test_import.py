"""An import as its callers see it: in a separate process, complete or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engine.api.errors import Cancelled, ModelError, OutputError
from engine.got.files.checkpoint import load_components
from engine.models.convert import MLLM_BASE, UNET_BASE, import_released
from tests.engine.models.released import PEFT, PLAIN, Hostile, Released


@pytest.mark.parametrize("checkpoint", [PLAIN, pytest.param(PEFT, marks=pytest.mark.full)])
def test_a_checkpoint_is_read_in_a_separate_process(
    golden: Path, tmp_path: Path, children: list, monkeypatch: pytest.MonkeyPatch, checkpoint: str
):
    monkeypatch.setattr(torch, "load", None)  # this process opens no pickle
    monkeypatch.chdir(tmp_path)
    (tmp_path / "json.py").write_text("raise SystemExit('a module of the folder that the user stands in')")
    calls: list[tuple] = []
    report = import_released(
        golden, Path("models/mine"), checkpoint, "float16", 112, lambda *event: calls.append(event)
    )
    assert [child.returncode for child in children] == [0] and children[0].pid != os.getpid()
    assert report.written == 464 and report.seconds > 0
    files = 2 if checkpoint == PLAIN else 1
    assert calls == [("read", n, files) for n in range(1, files + 1)] + [("write", n, 4) for n in range(1, 5)]
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["mine"]
    config = load_components(tmp_path / "models" / "mine", torch.device("cpu"), torch.float32).config
    assert (config.name, config.source_size) == ("mine", 112)
    assert "Qwen Research License" in config.license and config.provenance["checkpoint"] == checkpoint


def test_requesting_an_import_does_not_load_torch():
    program = "import sys, engine.models.__main__; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize("forced", ["0", pytest.param("1", marks=pytest.mark.full)])
def test_a_malicious_checkpoint_is_not_executed_there_either(
    released: Released, tmp_path: Path, children: list, monkeypatch: pytest.MonkeyPatch, forced: str
):
    """Not even if torch's environment variable disables the restrictions on pickles."""
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", forced)
    path = released.write(released.tensors() | {"unet.conv_in.weight": Hostile(tmp_path / "canary")})
    with pytest.raises(ModelError, match="none of its code was run") as caught:
        import_released(released.folder, tmp_path / "native", source_size=112)
    assert caught.value.code == "checkpoint_refused" and str(path) in str(caught.value)
    assert "\n" not in str(caught.value) and len(children) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["released"]  # no canary and no partial files


@pytest.mark.full
@pytest.mark.parametrize("stopped_by", [Cancelled(), KeyboardInterrupt()])
def test_a_canceled_import_ends_its_process_and_leaves_no_files(
    golden: Path, tmp_path: Path, children: list, stopped_by: BaseException
):
    def stop(stage: str, done: int, total: int) -> None:
        raise stopped_by

    with pytest.raises(type(stopped_by)):
        import_released(golden, tmp_path / "native", source_size=112, on_progress=stop)
    assert children[0].returncode not in (None, 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.full
def test_a_crashed_process_is_reported_and_leaves_no_files(golden: Path, tmp_path: Path, children: list):
    with pytest.raises(ModelError) as caught:
        import_released(golden, tmp_path / "native", source_size=112, on_progress=lambda *event: children[0].kill())
    assert caught.value.code == "import_died" and "\n" not in str(caught.value)
    assert os.name == "nt" or f"status {-signal.SIGKILL}" in caught.value.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.full
def test_the_last_output_of_a_crashed_process_is_reported(golden: Path, tmp_path: Path, children: list):
    with pytest.raises(ModelError, match="status 1: AttributeError: .*no_such_dtype") as caught:
        import_released(golden, tmp_path / "native", dtype="no_such_dtype", source_size=112)
    assert caught.value.code == "import_died" and "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("absent", [PLAIN, MLLM_BASE, UNET_BASE])
def test_a_folder_without_the_released_model(tmp_path: Path, children: list, absent: str):
    for name in {PLAIN, MLLM_BASE, UNET_BASE} - {absent}:
        (tmp_path / "other" / name).mkdir(parents=True)
    with pytest.raises(ModelError, match=f"does not contain the folder {absent}") as caught:
        import_released(tmp_path / "other", tmp_path / "native")
    assert caught.value.code == "released_folder_wrong" and MLLM_BASE in caught.value.remedy
    assert children == [] and [path.name for path in tmp_path.iterdir()] == ["other"]


def test_a_missing_folder(tmp_path: Path):
    with pytest.raises(ModelError, match="absent does not contain the folder"):
        import_released(tmp_path / "absent", tmp_path / "native")


def test_existing_files_are_not_overwritten(golden: Path, tmp_path: Path, children: list):
    (tmp_path / "native").mkdir()
    (tmp_path / "native" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for place in ("native", "file"):
        with pytest.raises(OutputError, match="already exists"):
            import_released(golden, tmp_path / place)
    assert children == [] and sorted(path.name for path in tmp_path.iterdir()) == ["file", "native"]
    assert [path.name for path in (tmp_path / "native").iterdir()] == ["mine.txt"]
