"""Files are written completely, or the old content remains."""

import os
import stat
from pathlib import Path

import pytest

from engine.api.files import beside, folder_bytes, replace_file, write_file, write_folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_replaced(tmp_path: Path):
    for data in (b"one", b"two"):
        replace_file(tmp_path / "a", data)
        assert (tmp_path / "a").read_bytes() == data and names(tmp_path) == ["a"]


@pytest.mark.skipif(os.name == "nt", reason="rights are other there")
def test_a_file_has_the_rights_it_was_given_from_its_first_byte(tmp_path: Path):
    replace_file(tmp_path / "secret", b"x", mode=0o600)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path):
    write_file(tmp_path / "a", b"one")
    with pytest.raises(FileExistsError):
        write_file(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"one"


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt()])
def test_what_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, error: BaseException):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(type(error)), beside(tmp_path / "a") as temporary:
        temporary.write_bytes(b"half")
        raise error
    assert (tmp_path / "a").read_bytes() == b"old" and names(tmp_path) == ["a"]


def test_a_folder_is_there_whole_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_folder(tmp_path / "done", {"a": b"12", "b": b"345"})
    assert names(tmp_path / "done") == ["a", "b"] and folder_bytes(tmp_path / "done") == 5
    with pytest.raises(OSError):
        write_folder(tmp_path / "other", {"a": b"12", "no/such/folder": b"3"})
    assert names(tmp_path) == ["done"]
