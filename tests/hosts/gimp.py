"""A real GIMP 3 in a folder of its own (chroot), where the system has only GIMP 2."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.hosts.ground import HERE, LIMIT, Ground

CHROOT = Path(os.environ.get("GOT_GIMP_CHROOT", "/opt/gimp3"))


@dataclass
class Gimp:
    """GIMP with a fresh profile and the plug-in in it; the engine that it starts runs outside."""

    ground: Ground
    display: str

    def inside(self, path: Path) -> str:
        """How a path is called in the chroot."""
        return "/" + str(path.relative_to(CHROOT))

    @property
    def profile(self) -> Path:
        return self.ground.folder / "profile"

    def install(self) -> None:
        """The plug-in as a user installs it."""
        self.ground.got("plugin", "install", "gimp", GIMP3_DIRECTORY=str(self.profile))
        rc = '(config-version "3.0.4")\n(show-welcome-dialog no)\n(quick-mask-color (color-rgba 1 0 0 0.5))\n'
        (self.profile / "gimprc").write_text(rc)
        shortcut = '(file-version 1)\n(action "got-edit" "<Primary>F9")\n'
        (self.profile / "shortcutsrc").write_text(shortcut)
        shutil.copytree(HERE / "gimp_scripts", self.ground.folder / "scripts")
        self._let_it_reach_the_engine()

    def _let_it_reach_the_engine(self) -> None:
        """GIMP starts the engine itself, as `got plugin install` noted it; one step out of the chroot stands before."""
        marker = self.profile / "plug-ins/got_gimp/got_desktop.json"
        noted = json.loads(marker.read_text())
        outside = ["/usr/bin/python3", f"{self.inside(self.ground.folder)}/scripts/outside.py", str(CHROOT)]
        setting = [f"{name}={value}" for name, value in self.ground.environment().items()]
        noted["engine_command"] = [*outside, "/usr/bin/env", *setting, *noted["engine_command"]]
        marker.write_text(json.dumps(noted))

    def press(self, *keys: str) -> None:
        """Presses keys in GIMP's image window."""
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", r"GIMP$"],
            env={**os.environ, "DISPLAY": self.display},
            capture_output=True,
            text=True,
        )
        for window in found.stdout.split():
            for command in (["windowfocus", window], ["key", "--window", window, *keys]):
                subprocess.run(["xdotool", *command], env={**os.environ, "DISPLAY": self.display}, check=False)

    def run(self, script: str, *, window: bool = False, **environment: str) -> dict:
        """What a batch script noted down. The test fails with what GIMP said where it did not come to its end."""
        folder = self.inside(self.ground.folder)
        variables = {
            "HOME": f"{folder}/home",
            "GIMP3_DIRECTORY": self.inside(self.profile),
            "PATH": f"{os.defpath}:/usr/sbin",
            "LANG": "C.UTF-8",
            "NO_AT_BRIDGE": "1",
            "DISPLAY": self.display if window else "",
            "GOT_ENGINE_RUNTIME": self.inside(self.ground.runtime),
            "GOT_PICTURES": self.inside(self.ground.pictures),
            "GOT_NOTES": f"{folder}/{script}.json",
            "PYTHONPATH": f"{folder}/scripts",
            **environment,
        }
        program = ["gimp-3.0", "--new-instance", "-sdf"] if window else ["gimp-console-3.0", "-idf"]
        batch = f"import sys; sys.path.insert(0, '{folder}/scripts'); import {script}"
        command = [*program, "--quit", "--batch-interpreter=python-fu-eval", "-b", batch]
        said = self.ground.folder / f"{script}.err"
        with said.open("wb") as output:
            done = subprocess.run(
                ["chroot", str(CHROOT), *command], env=variables, stdout=output, stderr=output, timeout=LIMIT
            )
        notes = self.ground.folder / f"{script}.json"
        assert notes.exists(), f"GIMP ended with {done.returncode}:\n{said.read_text(errors='replace')[-3000:]}"
        found = json.loads(notes.read_text())
        error = found.pop("error", None)
        assert error is None, f"{error}\n{found}"
        return found
