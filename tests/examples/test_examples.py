"""The examples do what they say they do."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.engine.place import CHAIN, INSTRUCTION, Place, scene


@pytest.fixture
def run(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs an example in an empty folder with scene.png."""
    scene().save(tmp_path / "scene.png")
    monkeypatch.chdir(tmp_path)

    def run(name: str, *arguments: str) -> None:
        monkeypatch.setattr(sys, "argv", [name, "scene.png", INSTRUCTION, *arguments])
        runpy.run_path(str(root / "examples" / name), run_name="__main__")

    return run


def test_a_box_is_corrected_through_the_engine(run, served: Place, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setenv("GOT_ENGINE_RUNTIME", str(served.runtime))
    run("correct_a_box.py", "out.png", "--model", "tiny", "--move", "10", "0")
    printed = capsys.readouterr().out
    assert CHAIN.split("<|")[0] in printed and "step" in printed and "Wrote out.png" in printed
    with Image.open(tmp_path / "out.png") as drawn:
        assert drawn.size == scene().size and (np.asarray(drawn) != np.asarray(scene())).any()
    assert not [job for job in served.engine.client.jobs(unacknowledged=True) if job.state == "done"]


def test_the_walk_through_the_pipeline_writes_its_pictures(run, tiny_model: Path, tmp_path: Path, capsys):
    run("walk_through_the_pipeline.py", "walk", "--model", str(tiny_model), "--steps", "2")
    assert CHAIN.split("<|")[0] in capsys.readouterr().out
    pictures = {path.stem: np.asarray(Image.open(path)) for path in (tmp_path / "walk").glob("*.png")}
    assert set(pictures) == {"planned", "corrected", "corrected, boxes count more"}
    assert all(picture.shape == (48, 96, 3) for picture in pictures.values())
    assert (pictures["planned"] != pictures["corrected"]).any()
