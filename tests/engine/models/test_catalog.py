"""Models by name and by folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.api.errors import ModelError
from engine.models import catalog


@pytest.fixture(autouse=True)
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of shipped models, empty; the user's own are in `own`, which does not exist yet."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    monkeypatch.setattr(catalog, "SHIPPED", folder)
    monkeypatch.setenv("GOT_MODELS", str(tmp_path / "own"))
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "own"


def put(folder: Path, text: str = '{"name": "n", "image_size": 64}') -> Path:
    folder.mkdir(parents=True)
    (folder / "got.json").write_text(text, encoding="utf-8")
    return folder


def names() -> list[str]:
    return [entry.name for entry in catalog.list_models()]


def test_having_no_models_is_not_an_error():
    assert names() == []


def test_shipped_models_and_the_users_own_by_name(shipped: Path, own: Path):
    for folder in (own / "b", shipped / "c", own / "a"):
        put(folder)
    assert names() == ["a", "b", "c"]
    assert [entry.folder for entry in catalog.list_models()] == [own / "a", own / "b", shipped / "c"]


def test_a_users_model_replaces_a_shipped_one_of_the_same_name(shipped: Path, own: Path):
    put(shipped / "got-mini")
    assert catalog.resolve("got-mini") == shipped / "got-mini"
    put(own / "got-mini")
    assert names() == ["got-mini"] and catalog.resolve("got-mini") == own / "got-mini"


def test_other_folders_and_unfinished_models_are_not_listed(own: Path):
    put(own / "whole")
    put(own / ".whole.x1y2" / "new")
    put(own / ".half")
    (own / "folder").mkdir()
    (own / "file").write_text("text")
    assert names() == ["whole"]


def test_an_entry_has_the_contents_of_got_json_and_the_size(own: Path):
    folder = put(own / "mine")
    (folder / "unet").mkdir()
    (folder / "unet" / "weights.safetensors").write_bytes(bytes(1000))
    entry = catalog.find_model("mine")
    assert entry.description == {"name": "n", "image_size": 64}
    assert entry.bytes_on_disk == 1000 + (folder / "got.json").stat().st_size


@pytest.mark.parametrize("text", ["", "{", "[1]", '"text"'])
def test_a_broken_model_is_listed_too(own: Path, text: str):
    put(own / "broken", text)
    assert [(entry.name, entry.description) for entry in catalog.list_models()] == [("broken", {})]


def test_a_model_can_be_given_as_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = put(tmp_path / "elsewhere" / "mine")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for name in (folder, str(folder), "elsewhere/mine", "~/elsewhere/mine"):
        assert catalog.resolve(name) == folder.resolve()
    assert catalog.find_model(folder).name == "mine"


def test_a_name_takes_precedence_over_a_folder_of_the_same_name(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    put(own / "mine")
    put(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert catalog.resolve("mine") == own / "mine"
    assert catalog.resolve("./mine") == (tmp_path / "mine").resolve()


def test_an_unknown_name_gives_one_line_with_the_known_ones(shipped: Path, own: Path):
    with pytest.raises(ModelError, match="no model “x”. Available: none"):
        catalog.resolve("x")
    put(shipped / "got-mini")
    put(own / "mine")
    with pytest.raises(ModelError) as caught:
        catalog.resolve("x")
    assert "Available: got-mini, mine." in str(caught.value) and "\n" not in str(caught.value)
    assert (caught.value.code, caught.value.exit_code) == ("model_unknown", 4) and caught.value.remedy


def test_a_folder_that_is_not_a_model(tmp_path: Path):
    (tmp_path / "file").write_text("text")
    for place in (tmp_path, tmp_path / "file"):
        with pytest.raises(ModelError) as caught:
            catalog.resolve(place)
        assert caught.value.code == "model_folder_wrong"
        assert f"{place} is not a GoT model" in caught.value.message and "got model import" in caught.value.remedy


def test_without_a_variable_models_are_in_the_systems_data_folder(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GOT_MODELS")
    assert catalog.user_models().parts[-2:] == ("got_desktop", "models")


def test_the_shipped_models_are_next_to_the_packages(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()
    assert catalog.SHIPPED == root / "resources" / "models"


def test_listing_does_not_load_torch(own: Path, root: Path):
    put(own / "mine")
    program = (
        "import json, sys; from engine.models.catalog import list_models; "
        "print(json.dumps([[entry.name for entry in list_models()], 'torch' in sys.modules]))"
    )
    process = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    names, torch_loaded = json.loads(process.stdout)
    assert "mine" in names and not torch_loaded
