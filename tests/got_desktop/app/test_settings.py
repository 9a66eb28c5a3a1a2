"""Settings, presets and history entries in the files of other versions."""

import json
from pathlib import Path

import pytest

from engine.api.protocol import Scales
from got_desktop.model import settings
from got_desktop.model.history import Entry, History
from got_desktop.model.settings import Drawing, Preset, Settings

STORED = {
    "model": "GoT-6B",
    "adapter": "boats",
    "adapter_weight": 0.5,
    "seed": 7,
    "seed_locked": False,
    "candidates": 3,
    "scope": "spill",
    "feather": 0.2,
    "grow": 9.0,
    "semantic": 2.5,
    "spatial": None,
    "reference": 1.0,
    "steps": 9,
    "scheduler": "ddpm",
    "new_picture": True,
    "width": 512,
    "height": None,
}
"""Drawing options as the first version wrote them."""
DRAWING = Drawing(
    model="GoT-6B",
    adapter="boats",
    adapter_weight=0.5,
    seed=7,
    seed_locked=False,
    candidates=3,
    scope="spill",
    feather=0.2,
    grow=9.0,
    guidance_scales=Scales(semantic=2.5, reference=1.0),
    num_inference_steps=9,
    scheduler="ddpm",
    new_picture=True,
    width=512,
)


def test_files_are_compatible_with_the_first_version(tmp_path: Path):
    preset = {"name": "boats", "instruction": "add a boat", "drawing": STORED | {"of_a_later_version": 1}}
    (tmp_path / "settings.json").write_text(json.dumps({"drawing": STORED, "presets": [preset], "theme": "dark"}))
    read = settings.load(tmp_path)
    assert read == Settings(theme="dark", drawing=DRAWING, presets=(Preset("boats", "add a boat", DRAWING),))
    settings.store(tmp_path, read)
    stored = json.loads((tmp_path / "settings.json").read_text())
    assert stored["drawing"] | STORED == stored["drawing"] == stored["presets"][0]["drawing"]
    assert settings.load(tmp_path) == read


@pytest.mark.parametrize("drawing", [{"semantic": -1}, {"semantic": "much"}, {"scope": "boxes", "seed": None}, []])
def test_an_invalid_file_does_not_prevent_the_start(tmp_path: Path, drawing):
    (tmp_path / "settings.json").write_text(json.dumps({"drawing": drawing, "theme": "dark"}))
    assert settings.load(tmp_path).drawing.model == "got-mini"


def test_the_history_stores_every_option(tmp_path: Path):
    history = History(tmp_path, 5)
    history.add(Entry("add a boat", "", DRAWING, "sea", b"", b""))
    (entry,) = history.find()
    assert entry.drawing == DRAWING and entry.again.seed_locked


def test_a_sample_does_not_lock_the_seed_of_later_starts(make_window, qtbot, data: Path):
    first = make_window(data, first_start=True)
    first.session.begin_first()
    qtbot.waitUntil(lambda: first.session.document.is_open)
    seed = first.session.preferences.drawing.seed
    first.session.preferences.store()
    drawing = settings.load(data).drawing
    assert not drawing.seed_locked and drawing.seed == seed
    first.session.preferences.next_seed()
    assert first.session.preferences.drawing.seed != seed
