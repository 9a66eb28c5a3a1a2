"""bootstrap.py: its decisions, and its actions with real environments, a real pip and real processes. No network."""

import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import bootstrap
from bootstrap import Command, Stop

on_posix = pytest.mark.skipif(os.name == "nt", reason="writes a shell script")


@pytest.fixture
def bare_venv(tmp_path: Path) -> Path:
    """A real environment, created fast because it has no pip."""
    folder = tmp_path / ".venv"
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    return folder


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that bootstrap takes for the repository."""
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "constraints.txt").write_text("# pins\ntorch==2.13.0\n")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    return tmp_path


# --- Python, torch, disk ---


@pytest.mark.parametrize("version", [(3, 8), (3, 10), (3, 15), (4, 0)])
def test_another_python_is_refused_with_what_is_found_and_needed(version: tuple[int, int]):
    with pytest.raises(Stop, match=rf"Python {version[0]}\.{version[1]}; .* 3\.11 to 3\.14.*python3\.14 bootstrap"):
        bootstrap.check_python(version)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 14)])
def test_a_supported_python_passes(version: tuple[int, int]):
    assert bootstrap.check_python(version) is None


def test_the_python_range_is_the_one_that_the_package_declares(root: Path):
    declared = re.search(r'requires-python = ">=(\d+)\.(\d+)"', (root / "pyproject.toml").read_text())
    assert declared and bootstrap.OLDEST_PYTHON == (int(declared[1]), int(declared[2]))


@pytest.mark.parametrize(
    ("system", "nvidia", "requirement", "index"),
    [
        ("Linux", False, "torch==2.13.0+cpu", "/whl/cpu"),
        ("Linux", True, "torch===2.13.0", None),  # three equals signs: an installed +cpu build does not match
        ("Windows", False, "torch==2.13.0", None),
        ("Windows", True, "torch==2.13.0+cu130", "/whl/cu130"),
        ("Darwin", False, "torch==2.13.0", None),
    ],
)
def test_the_torch_build_fits_the_system_and_the_gpu(system: str, nvidia: bool, requirement: str, index: str | None):
    build = bootstrap.torch_build("2.13.0", system, "arm64", nvidia)
    assert build.requirement == requirement
    assert (build.index or "").endswith(index or "")
    assert (build.index is None) == (index is None)
    assert ("CUDA" in build.label) == nvidia


def test_a_mac_with_an_intel_processor_is_refused():
    with pytest.raises(Stop, match="Intel"):
        bootstrap.torch_build("2.13.0", "Darwin", "x86_64", nvidia=False)


@on_posix
@pytest.mark.parametrize(("exit_code", "expected"), [(0, True), (9, False)])
def test_a_gpu_is_found_where_the_driver_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exit_code: int, expected: bool
):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\nexit {exit_code}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bootstrap.has_nvidia_card() is expected


def test_a_full_disk_is_named_with_what_is_free_and_needed(tmp_path: Path):
    with pytest.raises(Stop, match=r"1\.5 GB free; the packages need about 3 GB"):
        bootstrap.check_disk(tmp_path, 3, 1_500_000_000)
    bootstrap.check_disk(tmp_path, 3, 3_000_000_000)


# --- pins ---


def test_every_package_that_we_name_is_pinned_to_one_version(root: Path):
    lines = (root / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9.a-z]*", pin) for pin in pins)
    pinned = {pin.split("==")[0] for pin in pins}
    settings = (root / "pyproject.toml").read_text().split("[project.scripts]")[0].split("dependencies = [")[1]
    dependencies = {name.lower() for name in re.findall(r'"([A-Za-z][\w.-]*)(?:\[\w+\])?>=', settings)}
    assert len(dependencies) > 15
    assert dependencies <= pinned


def test_the_pin_of_torch_is_read_from_the_constraints():
    assert bootstrap.pinned_version("# torch\nnumpy==1.0\ntorch==2.13.0\n", "torch") == "2.13.0"


# --- the stamp ---


def test_the_fingerprint_changes_with_everything_that_an_install_depends_on(checkout: Path, tmp_path: Path):
    def fingerprint(python: str = "3.11.7", torch: str = "torch==2.13.0+cpu") -> str:
        return bootstrap.fingerprint(checkout, python, torch)

    first = fingerprint()
    assert fingerprint() == first
    assert fingerprint(python="3.12.1") != first
    assert fingerprint(torch="torch===2.13.0") != first
    (checkout / "constraints.txt").write_text("torch==2.14.0\n")
    second = fingerprint()
    assert second != first
    (checkout / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert fingerprint() not in {first, second}


def stamp_of(fingerprint: str, *extras: str) -> str:
    return json.dumps({"fingerprint": fingerprint, "extras": extras})


@pytest.mark.parametrize(
    ("stamp", "extras", "to_install"),
    [
        (None, set(), set()),  # nothing installed yet
        (None, {"dev"}, {"dev"}),
        (stamp_of("now"), set(), None),  # all in place
        (stamp_of("now", "dev", "train"), {"dev"}, None),
        (stamp_of("now", "dev"), {"app"}, {"app", "dev"}),  # extras of an earlier command stay
        (stamp_of("before", "dev"), set(), {"dev"}),  # a pin has changed
    ],
)
def test_what_is_installed_is_what_the_stamp_lacks(stamp: str | None, extras: set, to_install: set | None):
    assert bootstrap.extras_to_install(stamp, "now", frozenset(extras)) == to_install


def test_nothing_is_done_when_the_stamp_fits(checkout: Path, bare_venv: Path, capsys: pytest.CaptureFixture[str]):
    build = bootstrap.torch_build("2.13.0", bootstrap.platform.system(), "arm64", bootstrap.has_nvidia_card())
    stamp = stamp_of(bootstrap.fingerprint(checkout, sys.version, build.requirement), "dev", "train")
    (bare_venv / "installed.json").write_text(stamp)
    bootstrap.ensure_environment(frozenset({"dev"}))
    assert capsys.readouterr().out == ""
    assert (bare_venv / "installed.json").read_text() == stamp


# --- the environment ---


def test_the_environments_python_lies_where_each_system_puts_it():
    assert bootstrap.python_of(Path("v"), "posix") == Path("v/bin/python")
    assert bootstrap.python_of(Path("v"), "nt") == Path("v/Scripts/python.exe")


@pytest.mark.full
def test_a_broken_environment_is_recreated_and_a_working_one_is_kept(
    bare_venv: Path, capsys: pytest.CaptureFixture[str]
):
    assert not bootstrap.works(bare_venv)  # it has no pip
    bootstrap.make_environment(bare_venv)
    assert "does not work" in capsys.readouterr().out
    assert bootstrap.works(bare_venv)
    (bare_venv / "kept").write_text("")
    bootstrap.make_environment(bare_venv)
    assert (bare_venv / "kept").exists()


def test_an_environment_that_was_moved_is_seen(bare_venv: Path, tmp_path: Path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare_venv)], check=True)
    assert not bootstrap.was_moved(bare_venv)
    elsewhere = bare_venv.rename(tmp_path / "elsewhere")
    assert bootstrap.was_moved(elsewhere)


def test_a_folder_that_is_not_an_environment_is_never_deleted(tmp_path: Path):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(Stop, match="in the way"):
        bootstrap.make_environment(tmp_path)
    assert (tmp_path / "precious.txt").read_text() == "mine"


@pytest.mark.parametrize("output", ["ensurepip is not available", "No module named venv"])
def test_a_python_without_venv_is_told_the_package_to_install(output: str):
    assert f"apt-get install python3.{sys.version_info[1]}-venv" in bootstrap.explain_venv_failure(output)


def test_another_failure_of_venv_is_shown_as_it_is():
    assert "Permission denied" in bootstrap.explain_venv_failure("Error: Permission denied: '.venv'")


# --- pip ---


def test_a_package_that_does_not_exist_is_told_from_a_silent_index(tmp_path: Path):
    with_pip = Path(sys.prefix)
    code, errors = bootstrap.pip(with_pip, "--no-index", "no-such-package-of-ours")
    assert code != 0
    assert not bootstrap.unreachable(errors)
    assert "no-such-package-of-ours" in bootstrap.explain_pip_failure(errors)

    nobody_there = ["--retries", "1", "--index-url", "http://127.0.0.1:9/simple", "--extra-index-url", ""]
    code, errors = bootstrap.pip(with_pip, *nobody_there, "no-such-package-of-ours")
    assert code != 0
    assert bootstrap.unreachable(errors)
    assert "did not answer" in bootstrap.explain_pip_failure(errors)


def test_a_disk_that_fills_up_while_installing_is_named():
    error = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    assert "disk is full" in bootstrap.explain_pip_failure(error)


# --- Qt's system libraries ---


@pytest.mark.skipif(sys.platform != "linux", reason="names a library of Linux")
def test_only_libraries_that_do_not_load_are_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bootstrap, "QT_LIBRARIES", {"libc.so.6": "libc6", "libno-such.so.1": "libno-such1"})
    assert bootstrap.missing_qt_packages() == ["libno-such1"]


def test_without_root_the_exact_command_is_printed():
    with pytest.raises(Stop, match="sudo apt-get install -y --no-install-recommends libegl1 libgl1$"):
        bootstrap.install_qt_libraries(["libegl1", "libgl1"], is_root=False, has_apt=True)


def test_another_linux_is_told_what_the_libraries_are_called():
    with pytest.raises(Stop, match="Debian calls: libegl1"):
        bootstrap.install_qt_libraries(["libegl1"], is_root=True, has_apt=False)


def qt_is_missing() -> None:
    raise Stop("Qt needs system libraries.")


@pytest.mark.parametrize(
    ("name", "display", "windows"), [("demo", "", False), ("demo", ":7", True), ("test", "", True)]
)
def test_the_demo_has_a_window_where_there_is_a_display(monkeypatch, name, display, windows):
    monkeypatch.setattr(bootstrap, "ensure_qt_libraries", lambda: None)
    monkeypatch.setattr(bootstrap.platform, "system", lambda: "Linux")
    for variable in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("DISPLAY", display)
    assert bootstrap.can_open_windows(bootstrap.COMMANDS[name]) is windows


def test_where_qt_cannot_be_only_the_app_stops(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "ensure_qt_libraries", qt_is_missing)
    monkeypatch.setenv("DISPLAY", ":7")
    for name in ("demo", "test"):
        assert not bootstrap.can_open_windows(bootstrap.COMMANDS[name])
        assert "Without the window: Qt needs" in capsys.readouterr().out
    with pytest.raises(Stop, match="Qt needs"):
        bootstrap.can_open_windows(bootstrap.COMMANDS["app"])


# --- start ---


def test_arguments_and_exit_code_pass_through(checkout: Path, bare_venv: Path):
    program = "import json, sys\njson.dump(sys.argv[1:], open('seen.json', 'w'))\nsys.exit(7)\n"
    (checkout / "echo.py").write_text(program)
    command = Command("", frozenset(), "echo", ("-n2",), ("-n2", "--full", "--cov"))
    assert bootstrap.run(command, ["-k", "chain"]) == 7
    assert json.loads((checkout / "seen.json").read_text()) == ["-k", "chain"]
    for arguments, expected in (
        ([], ["-n2"]),
        (["--full"], ["-n2", "--full", "--cov"]),
        (["--full", "-s"], ["--full", "-s"]),
    ):
        bootstrap.run(command, arguments)
        assert json.loads((checkout / "seen.json").read_text()) == expected


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["nonsense"], 2), (["--help"], 0), (["-h"], 0)])
def test_a_word_that_is_not_a_command_gets_the_list(
    arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
):
    assert bootstrap.main(arguments) == code
    output = capsys.readouterr().out
    assert re.findall(r"bootstrap\.py (\w+)", output) == ["demo", "test", "app"]


def test_what_stops_it_is_one_line_without_a_trace(checkout: Path, capsys: pytest.CaptureFixture[str]):
    (checkout / ".venv").mkdir()
    assert bootstrap.main(["demo"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("bootstrap: ") and "in the way" in error
    assert error.count("\n") == 1
