"""The adapters that are available, and those that are used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.api.errors import ModelError
from engine.models.adapters import CONFIG, USED, list_adapters, use_adapter, use_no_adapter, used_adapters


@pytest.fixture(autouse=True)
def adapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GOT_ADAPTERS", str(tmp_path / "adapters"))
    return tmp_path / "adapters"


def make(folder: Path, text: str = "{}") -> Path:
    folder.mkdir(parents=True)
    (folder / CONFIG).write_text(text)
    return folder


def test_a_folder_is_copied_and_used(tmp_path, adapters):
    assert used_adapters() == []
    assert use_adapter(str(make(tmp_path / "robot")), 0.8) == "robot"
    assert used_adapters() == [("robot", 0.8)]
    assert [entry.name for entry in list_adapters()] == ["robot"]
    use_adapter("robot", 0.5)
    make(adapters / "hat")
    use_adapter("hat", 1.0)
    assert used_adapters() == [("robot", 0.5), ("hat", 1.0)]
    use_no_adapter()
    assert used_adapters() == []


def test_a_newer_adapter_replaces_an_older_one(tmp_path, adapters):
    folder = make(tmp_path / "robot", '{"name": "old"}')
    use_adapter(str(folder), 1.0)
    (folder / CONFIG).write_text('{"name": "new"}')
    use_adapter(str(folder), 1.0)
    assert json.loads((adapters / "robot" / CONFIG).read_text()) == {"name": "new"}
    assert sorted(path.name for path in adapters.iterdir()) == ["robot", USED]


def test_a_missing_adapter_is_refused(tmp_path):
    with pytest.raises(ModelError, match="none"):
        use_adapter("robot", 1.0)


def test_a_broken_list_is_reported_with_its_remedy(adapters):
    make(adapters / "a")
    (adapters / USED).write_text("[1, 2")
    with pytest.raises(ModelError, match="--off"):
        used_adapters()
