"""`got plugin`: where the hosts look, what is installed there and what is left alone."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.api.errors import EngineError, OutputError
from plugins.install import engine_command, install, status, uninstall
from plugins.places import Machine, Place, find

LINUX = "linux"


def machine(home: Path, system: str = LINUX, programs: frozenset[str] = frozenset(), **environment: str) -> Machine:
    return Machine(system, home, environment, programs)


@pytest.mark.parametrize(
    ("system", "folder", "settings"),
    [
        (LINUX, ".local/share/krita", ".config/kritarc"),
        (LINUX, ".var/app/org.kde.krita/data/krita", ".var/app/org.kde.krita/config/kritarc"),
        (LINUX, "snap/krita/current/.local/share/krita", "snap/krita/current/.config/kritarc"),
        ("win32", "AppData/Roaming/krita", "AppData/Local/kritarc"),
        (
            "win32",
            "AppData/Local/Packages/49800Krita_dbrc1xvbn6jcm/LocalCache/Roaming/krita",
            "AppData/Local/Packages/49800Krita_dbrc1xvbn6jcm/LocalCache/Local/kritarc",
        ),
        ("darwin", "Library/Application Support/krita", "Library/Preferences/kritarc"),
    ],
)
def test_krita_is_found_where_it_keeps_its_things(tmp_path: Path, system: str, folder: str, settings: str):
    (tmp_path / folder).mkdir(parents=True)
    places = find("krita", machine(tmp_path, system))
    assert [(place.folder, place.settings) for place in places] == [(tmp_path / folder, tmp_path / settings)]


@pytest.mark.parametrize(
    ("system", "folder"),
    [
        (LINUX, ".config/GIMP/3.0"),
        (LINUX, ".var/app/org.gimp.GIMP/config/GIMP/3.2"),
        (LINUX, "snap/gimp/current/.config/GIMP/3.0"),
        ("win32", "AppData/Roaming/GIMP/3.0"),
        ("darwin", "Library/Application Support/GIMP/3.0"),
    ],
)
def test_gimp_is_found_in_each_of_its_versions(tmp_path: Path, system: str, folder: str):
    (tmp_path / folder).mkdir(parents=True)
    places = find("gimp", machine(tmp_path, system))
    assert [place.folder for place in places] == [tmp_path / folder / "plug-ins"]


def test_a_host_that_was_never_started_is_found_by_its_program(tmp_path: Path):
    here = machine(tmp_path, programs=frozenset({"krita", "gimp-3.2"}))
    assert [place.folder for place in find("krita", here)] == [tmp_path / ".local/share/krita"]
    assert [place.folder for place in find("gimp", here)] == [tmp_path / ".config/GIMP/3.2/plug-ins"]


@pytest.mark.parametrize(
    ("system", "folder"),
    [
        (LINUX, ".config/GIMP/2.10"),
        (LINUX, ".var/app/org.gimp.GIMP/config/GIMP/2.10"),
        (LINUX, "snap/gimp/current/.config/GIMP/2.10"),
        ("win32", "AppData/Roaming/GIMP/2.10"),
        ("darwin", "Library/Application Support/GIMP/2.10"),
    ],
)
def test_gimp_2_is_told_that_it_is_too_old(tmp_path: Path, system: str, folder: str):
    (tmp_path / folder).mkdir(parents=True)
    with pytest.raises(EngineError, match="needs GIMP 3"):
        find("gimp", machine(tmp_path, system))


def test_gimp_2_is_told_so_before_its_first_start_and_left_alone_beside_gimp_3(tmp_path: Path):
    with pytest.raises(EngineError, match="needs GIMP 3"):
        find("gimp", machine(tmp_path, programs=frozenset({"gimp-2.10"})))
    for version in ("2.10", "3.0", "3.2"):
        (tmp_path / ".config/GIMP" / version).mkdir(parents=True)
    versions = [place.folder.parent.name for place in find("gimp", machine(tmp_path))]
    assert versions == ["3.0", "3.2"]


def test_a_machine_with_all_of_them_gets_the_plug_in_in_all_of_them(tmp_path: Path):
    for folder in (".local/share/krita", ".var/app/org.kde.krita/data/krita", "snap/krita/current/.local/share/krita"):
        (tmp_path / folder).mkdir(parents=True)
    places = find("krita", machine(tmp_path))
    assert [place.kind for place in places] == ["native", "Flatpak", "Snap"]
    for place in places:
        install(place)
        assert place.settings and "enable_got_krita=true" in place.settings.read_text()
        assert (place.folder / "pykrita/got_krita/docker.py").is_file()
        assert (place.folder / "actions/got_krita.action").is_file()
    assert len(list(tmp_path.rglob("got_krita.desktop"))) == 3


@pytest.mark.parametrize(
    ("system", "variables", "krita", "settings", "gimp"),
    [
        (
            LINUX,
            {"XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config"},
            "data/krita",
            "config/kritarc",
            "config/GIMP/3.0",
        ),
        ("win32", {"APPDATA": "roam", "LOCALAPPDATA": "local"}, "roam/krita", "local/kritarc", "roam/GIMP/3.0"),
    ],
)
def test_folders_that_the_system_was_told_to_use(
    tmp_path: Path, system: str, variables: dict[str, str], krita: str, settings: str, gimp: str
):
    """On Linux an AppImage looks there too."""
    for folder in (krita, gimp):
        (tmp_path / folder).mkdir(parents=True)
    environment = {name: str(tmp_path / folder) for name, folder in variables.items()}
    here = Machine(system, tmp_path, environment, frozenset())
    assert find("krita", here) == [Place("krita", "native", tmp_path / krita, tmp_path / settings)]
    assert find("gimp", here) == [Place("gimp", "native", tmp_path / gimp / "plug-ins")]


@pytest.mark.parametrize("host", ["krita", "gimp"])
def test_a_host_that_is_absent_is_named_with_the_remedy(tmp_path: Path, host: str):
    with pytest.raises(EngineError, match="--target"):
        find(host, machine(tmp_path))


@pytest.fixture
def krita(tmp_path: Path) -> Place:
    return Place("krita", "native", tmp_path / "data" / "krita", tmp_path / "config" / "kritarc")


@pytest.fixture
def gimp(tmp_path: Path) -> Place:
    return Place("gimp", "native", tmp_path / "plug-ins")


def test_install_status_and_uninstall_leave_no_trace(krita: Place, gimp: Place, tmp_path: Path):
    for place in (krita, gimp):
        assert status(place).state == "not installed"
        install(place)
        assert status(place).state == "installed"
        assert uninstall(place)
        assert not uninstall(place)
    left = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert left == [Path("config/kritarc")]


def test_kritas_other_settings_stay_as_they_are(krita: Place):
    assert krita.settings
    krita.settings.parent.mkdir()
    before = "[theme]\nname=dark\n\n[python]\nenable_tenbrushes=false\n\n[view]\nx=1\n"
    krita.settings.write_text(before)
    install(krita)
    install(krita)
    assert krita.settings.read_text() == before.replace("[python]\n", "[python]\nenable_got_krita=true\n")
    uninstall(krita)
    assert krita.settings.read_text() == before


def test_gimps_script_can_be_started(gimp: Place):
    assert os.access(install(gimp) / "got_gimp.py", os.X_OK)


def test_an_older_one_of_ours_is_replaced_wholly(gimp: Place):
    folder = install(gimp)
    (folder / "left_over.py").write_text("old")
    (folder / "got_gimp.py").write_text("old")
    assert status(gimp).state == "out of date"
    install(gimp)
    assert status(gimp).state == "installed" and not (folder / "left_over.py").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["got_gimp"]


@pytest.mark.parametrize("content", [None, "{}", '{"plugin": "other"}', "no json"])
def test_what_we_did_not_install_is_left_alone(gimp: Place, content: str | None):
    foreign = gimp.folder / "got_gimp" / "theirs.py"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("theirs")
    if content:
        (foreign.parent / "got_desktop.json").write_text(content)
    assert status(gimp).state == "not ours"
    for act in (install, uninstall):
        with pytest.raises(OutputError, match="not installed by got_desktop"):
            act(gimp)
    assert foreign.read_text() == "theirs"


def test_a_file_beside_the_folder_is_left_alone_too(krita: Place):
    foreign = krita.folder / "pykrita" / "got_krita.desktop"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("theirs")
    assert status(krita).state == "not ours" and not uninstall(krita)
    with pytest.raises(OutputError, match="got_krita.desktop was not installed by got_desktop"):
        install(krita)
    assert foreign.read_text() == "theirs" and not (foreign.parent / "got_krita").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="plugin|file"):
        install(Place("gimp", "native", tmp_path / "file" / "plug-ins"))


def test_the_command_in_the_folder_starts_this_engine_whatever_the_host_has_set(gimp: Place, tmp_path: Path):
    command = json.loads((install(gimp) / "got_desktop.json").read_text())["engine_command"]
    assert command == engine_command()
    host = {"PYTHONPATH": str(tmp_path), "PYTHONHOME": str(tmp_path), "PATH": os.defpath, "GOT_ENGINE_QUEUE": "none"}
    process = subprocess.run(command, env=host, capture_output=True, text=True, cwd=tmp_path)
    assert "invalid literal for int() with base 10: 'none'" in process.stderr  # from the engine's settings


def got(home: Path, *words: str, expected: int = 0, before: Callable[[], None] | None = None) -> str:
    """Output of `got plugin …` for a user with that home and no programs on the path.

    `before` is called in the new process before the program starts.
    """
    programs = home / "programs"
    programs.mkdir(exist_ok=True)
    folders = {"HOME": str(home), "USERPROFILE": str(home), "APPDATA": str(home), "PATH": str(programs)}
    command = [sys.executable, "-m", "got_desktop", "plugin", *words]
    process = subprocess.run(command, env=folders, capture_output=True, text=True, preexec_fn=before)
    assert process.returncode == expected, process.stderr
    return process.stdout + process.stderr


def no_file_above_6_kb() -> None:
    """Makes the system stop larger writes, as on a full disk."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, resource.RLIM_INFINITY))


def test_the_command_line_says_where_it_put_it(tmp_path: Path):
    target = ("--target", str(tmp_path / "plug-ins"))
    assert str(tmp_path / "plug-ins" / "got_gimp") in got(tmp_path, "install", "gimp", *target)
    assert "Removed from GIMP 3" in got(tmp_path, "uninstall", "gimp", *target)
    assert "Switch it on in Krita" in got(tmp_path, "install", "krita", *target)


@pytest.mark.skipif(sys.platform != LINUX, reason="the folders of Linux")
def test_the_command_line_names_every_place_and_what_is_missing(tmp_path: Path):
    flatpak, foreign = tmp_path / ".var/app/org.kde.krita/data/krita", tmp_path / ".local/share/krita/pykrita/got_krita"
    old = tmp_path / ".config/GIMP/2.10"
    for folder in (flatpak, foreign, old):
        folder.mkdir(parents=True)
    (foreign / "__init__.py").write_text("theirs")
    assert "was not installed by got_desktop. Move or remove it first." in got(tmp_path, "install", "krita", expected=6)
    (foreign / "__init__.py").unlink()
    foreign.rmdir()
    output = got(tmp_path, "install", "all")
    assert (
        "Installed for Krita: " in output and "Installed for Krita (Flatpak): " in output and "may not reach" in output
    )
    assert "Left out: GIMP 2 was found, but the plug-in needs GIMP 3." in output
    states = json.loads(got(tmp_path, "status", "--json"))
    assert [(entry["kind"], entry["state"]) for entry in states["places"]] == [
        ("native", "installed"),
        ("Flatpak", "installed"),
    ]
    assert "needs GIMP 3" in states["missing"]["gimp"]
    table = got(tmp_path, "status")
    assert "Krita (Flatpak)" in table and "installed" in table and "needs GIMP 3" in table
    assert "needs GIMP 3" in got(tmp_path, "install", "gimp", expected=1)
    assert not list(old.iterdir())


@pytest.mark.skipif(sys.platform != LINUX, reason="the folders of Linux")
def test_a_place_that_is_taken_holds_up_no_other(tmp_path: Path):
    flatpak, gimp = tmp_path / ".var/app/org.kde.krita/data/krita", tmp_path / ".config/GIMP/3.0"
    foreign = tmp_path / ".local/share/krita/pykrita/got_krita"
    for folder in (flatpak, gimp, foreign):
        folder.mkdir(parents=True)
    (foreign / "__init__.py").write_text("theirs")
    output = got(tmp_path, "install", "all", expected=6)
    assert f"got: Krita: {foreign} was not installed by got_desktop. Move or remove it first." in output
    assert "Installed for Krita (Flatpak): " in output and "Installed for GIMP 3: " in output
    states = json.loads(got(tmp_path, "status", "--json"))["places"]
    assert [entry["state"] for entry in states] == ["not ours", "installed", "installed"]
    removal = got(tmp_path, "uninstall", "all", expected=6)
    assert (
        "Removed from Krita (Flatpak)" in removal
        and "Removed from GIMP 3" in removal
        and "Move or remove it first." in removal
    )
    assert list(tmp_path.rglob("*.py")) == [foreign / "__init__.py"]


def test_with_neither_program_both_are_named(tmp_path: Path):
    output = got(tmp_path, "install", "all", expected=1)
    assert "Krita was not found." in output and "GIMP 3 was not found." in output


@pytest.mark.skipif(sys.platform != LINUX, reason="a limit of Linux")
@pytest.mark.parametrize("host", ["krita", "gimp"])
def test_an_installation_that_breaks_off_leaves_the_older_one_as_it_was(tmp_path: Path, host: str):
    place = Place(host, "named", tmp_path / "there")
    folder = install(place)
    (folder / "got_desktop.json").write_text(json.dumps({"plugin": host, "engine_command": ["older"]}))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    output = got(tmp_path, "install", host, "--target", str(place.folder), expected=6, before=no_file_above_6_kb)
    assert "File too large" in output and "Traceback" not in output
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert status(place).state == "out of date"
