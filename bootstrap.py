"""Set up got_desktop and start it: `python bootstrap.py demo`, `test` or `app`.

Only needs Python: creates `.venv` next to this file, installs the packages pinned in `constraints.txt` once, records
what it installed, and runs the command there. Further arguments are passed to the command (`python bootstrap.py test -k
chain`).
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 14)
TORCH_INDEX = "https://download.pytorch.org/whl"
STARTED = time.monotonic()


@dataclass(frozen=True)
class Command:
    """What a word on the command line installs and runs."""

    summary: str
    extras: frozenset[str]
    module: str
    default_arguments: tuple[str, ...] = ()  # used if the user gives none
    full_arguments: tuple[str, ...] = ()  # used if the user gives only `--full`
    window: str = ""  # "always", "shown" (if there is a display) or "tested" (without Qt if necessary)


# Many tests wait for an engine to start, so two processes take little more than half the time, even on two cores. The
# one that finishes first takes over half of the other's remaining tests.
TWO_AT_ONCE = ("--numprocesses=2", "--dist=worksteal")
# The coverage gate applies to all tests together.
ALL_TESTS = (*TWO_AT_ONCE, "--full", "--cov", "--durations=20")
COMMANDS = {
    "demo": Command(
        "open the app on a sample picture (without a display: edit three into demo-output/)",
        frozenset(),
        "got_desktop.demo",
        window="shown",
    ),
    "test": Command("run the tests", frozenset({"app", "dev", "train"}), "pytest", TWO_AT_ONCE, ALL_TESTS, "tested"),
    "app": Command("open the app", frozenset({"app"}), "got_desktop.app", window="always"),
}

# The Debian package of each system library that Qt loads; those for a screen last.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}


class Stop(Exception):
    """An error that the user must fix first; the text contains the problem and the remedy."""


def say(text: str) -> None:
    print(f"[{time.monotonic() - STARTED:4.0f} s] {text}", flush=True)


def usage() -> str:
    lines = [f"  python bootstrap.py {name:<5} {command.summary}" for name, command in COMMANDS.items()]
    return "\n".join(["Arguments after the command go on to what it runs.", *lines])


# --- checks --------------------------------------------------------------------------------------------------------


def check_python(version: tuple[int, int]) -> None:
    """Raise Stop unless there are wheels of the pinned packages for this version of Python."""
    if OLDEST_PYTHON <= version <= NEWEST_PYTHON:
        return
    found, oldest, newest = (".".join(map(str, v)) for v in (version, OLDEST_PYTHON, NEWEST_PYTHON))
    raise Stop(
        f"This is Python {found}; got_desktop needs Python {oldest} to {newest}. "
        f"Install one of these and start it by name, for example: python{newest} bootstrap.py demo"
    )


def has_nvidia_card() -> bool:
    """True if NVIDIA's driver is present: its tool, the Linux kernel module or the Windows driver library."""
    tool = shutil.which("nvidia-smi")
    if tool:
        return subprocess.run([tool, "-L"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    windows_driver = Path(os.environ.get("SYSTEMROOT", "")) / "System32" / "nvcuda.dll"
    return Path("/proc/driver/nvidia/version").exists() or (os.name == "nt" and windows_driver.exists())


@dataclass(frozen=True)
class TorchBuild:
    """The build of torch for this machine, its index, and the disk space of the whole installation."""

    requirement: str
    index: str | None  # PyTorch's own index, used if the default index lacks this build
    gigabytes: int
    label: str


def torch_build(version: str, system: str, machine: str, nvidia: bool) -> TorchBuild:
    """The build for this machine. The default index has the CUDA build for Linux and the CPU build for Windows and
    macOS."""
    if (system, machine) == ("Darwin", "x86_64"):
        raise Stop("PyTorch no longer comes for Macs with an Intel processor; got_desktop needs an Apple one.")
    if system == "Linux" and nvidia:
        return TorchBuild(f"torch==={version}", None, 9, "CUDA build for the NVIDIA card found")
    if system == "Windows" and nvidia:
        return TorchBuild(f"torch=={version}+cu130", f"{TORCH_INDEX}/cu130", 9, "CUDA build for the NVIDIA card found")
    if system == "Linux":
        return TorchBuild(f"torch=={version}+cpu", f"{TORCH_INDEX}/cpu", 3, "CPU build, no NVIDIA card found")
    return TorchBuild(f"torch=={version}", None, 3, "this system's own build")


def pinned_version(constraints: str, name: str) -> str:
    return next(line.split("==")[1] for line in constraints.splitlines() if line.startswith(f"{name}=="))


def check_disk(folder: Path, needed_gigabytes: int, free_bytes: int) -> None:
    if free_bytes < needed_gigabytes * 10**9:
        raise Stop(
            f"The disk of {folder} has {free_bytes / 10**9:.1f} GB free; the packages need about {needed_gigabytes} GB."
            " Free some space, or move this folder to a larger disk, and run the command again."
        )


# --- the environment ------------------------------------------------------------------------------------------------


def python_of(venv: Path, os_name: str = os.name) -> Path:
    return venv / "Scripts" / "python.exe" if os_name == "nt" else venv / "bin" / "python"


def works(venv: Path) -> bool:
    """True if the environment's Python starts and has pip."""
    python = python_of(venv)
    return python.exists() and subprocess.run([str(python), "-c", "import pip"], capture_output=True).returncode == 0


def was_moved(venv: Path) -> bool:
    """True if `venv` was created elsewhere: its Python starts, but its scripts (`got`) still use the old path."""
    settings = venv / "pyvenv.cfg"  # contains "command = PYTHON -m venv FOLDER"; a conda environment has no such file
    lines = settings.read_text(encoding="utf-8").splitlines() if settings.exists() else []
    commands = [line for line in lines if line.startswith("command = ")]
    return any(not line.rstrip().endswith(str(venv)) for line in commands)


def make_environment(venv: Path) -> None:
    """Create `venv`, or recreate it if it no longer works (Python was removed, or the folder was moved)."""
    if works(venv) and not was_moved(venv):
        return
    if venv.exists():
        if not (venv / "pyvenv.cfg").exists():
            raise Stop(f"{venv} is in the way and is no Python environment. Move it and run the command again.")
        say(f"{venv.name} does not work here (its Python is gone, or the folder was moved); making it anew")
        shutil.rmtree(venv)
    say(f"Making the environment {venv.name} with Python {platform.python_version()}")
    process = subprocess.run([sys.executable, "-m", "venv", str(venv)], capture_output=True, text=True)
    if process.returncode:
        shutil.rmtree(venv, ignore_errors=True)
        raise Stop(explain_venv_failure(process.stdout + process.stderr))


def explain_venv_failure(output: str) -> str:
    if "ensurepip" in output or "No module named venv" in output:
        package = f"python3.{sys.version_info[1]}-venv"
        return (
            f"This Python cannot make environments: its venv module is not installed. "
            f"On Debian or Ubuntu: sudo apt-get install {package}; elsewhere install the full Python."
        )
    return f"Python could not make an environment in {ROOT}: {output.strip()}"


def fingerprint(root: Path, python: str, torch: str) -> str:
    """A hash of everything that an installation depends on: the package lists, the path, Python and the torch build."""
    parts = [(root / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")]
    return hashlib.sha256(b"\0".join([*parts, str(root).encode(), python.encode(), torch.encode()])).hexdigest()


def extras_to_install(stamp_text: str | None, expected: str, extras: frozenset[str]) -> frozenset[str] | None:
    """The extras to install so that `extras` are available, including earlier ones; None if nothing is missing."""
    stamp = json.loads(stamp_text) if stamp_text else {"fingerprint": "", "extras": []}
    installed = frozenset(stamp["extras"])
    if stamp["fingerprint"] == expected and extras <= installed:
        return None
    return installed | extras


def pip(venv: Path, *arguments: str) -> tuple[int, str]:
    """Run pip's install in the environment. Returns the exit code and stderr.

    If Python may write bytecode, modules are compiled at their first import: having pip compile all of them takes as
    long as the installation.
    """
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    later = [] if sys.dont_write_bytecode else ["--no-compile"]
    options = ["--disable-pip-version-check", *later, *quiet]
    command = [str(python_of(venv)), "-m", "pip", "install", *options, *arguments]
    environment = {**os.environ, "PIP_USER": "0"}  # some systems set a user-wide install, which fails in an environment
    process = subprocess.run(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    return process.returncode, process.stderr


def unreachable(errors: str) -> bool:
    """True if pip's errors say that no package index answered."""
    signs = ("connection broken", "NewConnectionError", "NameResolutionError", "Max retries", "timed out", "SSLError")
    return any(sign in errors for sign in signs)


def explain_pip_failure(errors: str) -> str:
    if "No space left" in errors or "Errno 28" in errors:
        return "The disk is full. Free some space and run the command again; it goes on where it stopped."
    if unreachable(errors):
        return (
            "The package index did not answer. Check the network (behind a proxy, set HTTPS_PROXY) "
            "and run the command again; it goes on where it stopped."
        )
    return f"pip could not install the packages. Its last words:\n{errors.strip()[-2000:]}"


def install_torch(venv: Path, build: TorchBuild) -> None:
    """Install the one package whose build depends on the machine; its dependencies are installed with the others."""
    say(f"Installing PyTorch ({build.label})")
    code, errors = pip(venv, "--no-deps", build.requirement)
    if code and build.index and not unreachable(errors):
        say("The ordinary package index lacks this build; fetching it from PyTorch's own")
        code, errors = pip(venv, "--no-deps", build.requirement, "--index-url", build.index)
    if code:
        raise Stop(explain_pip_failure(errors))


def install(venv: Path, extras: frozenset[str], build: TorchBuild) -> None:
    install_torch(venv, build)
    target = f".[{','.join(sorted(extras))}]" if extras else "."
    say(f"Installing got_desktop and the packages it needs ({target})")
    code, errors = pip(venv, "--constraint", "constraints.txt", "--editable", target)
    if code:
        raise Stop(explain_pip_failure(errors))


def ensure_environment(extras: frozenset[str]) -> None:
    """Install the pinned packages of `extras` in `.venv`, unless the stamp says that they are installed."""
    version = pinned_version((ROOT / "constraints.txt").read_text(encoding="utf-8"), "torch")
    build = torch_build(version, platform.system(), platform.machine(), has_nvidia_card())
    expected = fingerprint(ROOT, sys.version, build.requirement)
    stamp = VENV / "installed.json"
    missing = extras_to_install(stamp.read_text(encoding="utf-8") if stamp.exists() else None, expected, extras)
    if missing is None and python_of(VENV).exists():
        return
    missing = missing or extras
    if not stamp.exists():
        check_disk(ROOT, build.gigabytes, shutil.disk_usage(ROOT).free)
    make_environment(VENV)
    stamp.unlink(missing_ok=True)
    install(VENV, missing, build)
    temporary = stamp.with_suffix(".tmp")
    temporary.write_text(json.dumps({"fingerprint": expected, "extras": sorted(missing)}), encoding="utf-8")
    temporary.replace(stamp)
    say("Installed; the next start skips this")


# --- Qt's system libraries ------------------------------------------------------------------------------------------


def can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_qt_packages() -> list[str]:
    """Debian's names of the system libraries that Qt needs and that cannot be loaded."""
    return [package for library, package in QT_LIBRARIES.items() if not can_load(library)]


def install_qt_libraries(packages: list[str], is_root: bool, has_apt: bool) -> None:
    """Install `packages` if permitted, else raise Stop with the command that does it."""
    install_command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if not has_apt:
        raise Stop(f"Qt needs system libraries. Install what Debian calls: {' '.join(packages)}")
    if not is_root:
        raise Stop(f"Qt needs system libraries. Run: sudo {' '.join(install_command)}")
    say(f"Installing the system libraries that Qt needs: {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], install_command):
        process = subprocess.run(command, env=environment, capture_output=True, text=True)
        if process.returncode:
            raise Stop(f"`{' '.join(command)}` failed: {process.stderr.strip()}")


def ensure_qt_libraries() -> None:
    packages = missing_qt_packages() if platform.system() == "Linux" else []
    if packages:
        install_qt_libraries(packages, is_root=os.geteuid() == 0, has_apt=shutil.which("apt-get") is not None)


def has_display() -> bool:
    if platform.system() != "Linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def can_open_windows(command: Command) -> bool:
    """Whether the command can use Qt, after installing its system libraries if necessary. Raises Stop for `app` if
    not."""
    if not command.window or (command.window == "shown" and not has_display()):
        return False
    try:
        ensure_qt_libraries()
    except Stop as stop:
        if command.window == "always":
            raise
        say(f"Without the window: {stop}")
        return False
    return True


# --- start -----------------------------------------------------------------------------------------------------------


def run(command: Command, arguments: list[str]) -> int:
    """Run the command's module in the environment. Returns its exit code."""
    module_arguments = arguments or list(command.default_arguments)
    if arguments == ["--full"] and command.full_arguments:
        module_arguments = list(command.full_arguments)
    say(f"Running {' '.join(['python', '-m', command.module, *module_arguments])}")
    code = subprocess.call([str(python_of(VENV)), "-m", command.module, *module_arguments], cwd=ROOT)
    say("Done" if code == 0 else f"Ended with exit code {code}")
    return code


def main(argv: list[str]) -> int:
    name, arguments = (argv[0], argv[1:]) if argv else ("", [])
    if name not in COMMANDS:
        print(usage())
        return 0 if name in {"-h", "--help"} else 2
    command = COMMANDS[name]
    try:
        check_python(sys.version_info[:2])
        windows = can_open_windows(command)
        ensure_environment(command.extras | ({"app"} if windows else set()))
        return run(command, arguments if windows or command.window != "shown" else ["--files", *arguments])
    except Stop as stop:
        print(f"bootstrap: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
