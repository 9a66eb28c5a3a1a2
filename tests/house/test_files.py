"""The files in the repository: sizes that a clone can bear, and nothing that is true on one machine only."""

import re
import subprocess
import zipfile
from pathlib import Path

import pytest

MEGABYTE = 2**20
# a root folder of one machine; the same name inside a URL or a longer path does not count
MACHINE_PATH = re.compile(r"(?<![\w./~*])(?:/(?:work|root|home|farm|tmp)/|[A-Z]:\\Users\\)")


@pytest.fixture(scope="module")
def files(root: Path) -> list[Path]:
    """Every file that git tracks or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    process = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if process.returncode:
        pytest.skip("not a git checkout")
    return [root / name for name in process.stdout.split("\0") if name and (root / name).is_file()]


def test_no_file_is_above_25_megabytes(files: list[Path]):
    assert [file.name for file in files if file.stat().st_size > 25 * MEGABYTE] == []


def test_the_shipped_models_are_at_most_60_megabytes(files: list[Path], root: Path):
    models = [file for file in files if file.is_relative_to(root / "resources" / "models")]
    assert models
    assert sum(file.stat().st_size for file in models) <= 60 * MEGABYTE


@pytest.mark.parametrize("line", ["open('/" + "home/someone/x.png')", "cd /" + "tmp/x", "C:" + "\\Users\\someone"])
def test_a_path_of_one_machine_is_seen(line: str):
    assert MACHINE_PATH.search(line)


@pytest.mark.parametrize("line", ["https://example.org/work/1", "docs/root/a", "../home/x", "either/or"])
def test_another_path_is_none(line: str):
    assert not MACHINE_PATH.search(line)


def test_no_file_holds_a_path_of_one_machine(files: list[Path], root: Path):
    names = []
    for file in files:
        text = file.read_bytes()
        if b"\0" not in text and MACHINE_PATH.search(text.decode(errors="replace")):
            names.append(str(file.relative_to(root)))
    assert names == []


def test_the_wheel_holds_the_packages_and_the_shipped_files_side_by_side(root: Path, tmp_path: Path):
    from hatchling.builders.wheel import WheelBuilder

    wheel = next(WheelBuilder(str(root)).build(directory=str(tmp_path), versions=["standard"]))
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"engine/api/chain.py", "got_desktop/cli.py", "training/__main__.py"} <= names
    # the catalog finds them next to the package `engine`, in a checkout and in site-packages alike
    assert {"resources/models/got-mini/got.json", "resources/samples/samples.json"} <= names
