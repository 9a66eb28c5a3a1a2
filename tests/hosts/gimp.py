"""A real GIMP 3 in its own folder (chroot), because the system may have only GIMP 2."""

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
    """GIMP with a fresh profile and the plug-in. The engine that it starts runs outside the chroot."""

    ground: Ground
    display: str

    def inside(self, path: Path) -> str:
        """The path as it is named in the chroot."""
        return "/" + str(path.relative_to(CHROOT))

    @property
    def profile(self) -> Path:
        return self.ground.folder / "profile"

    def install(self) -> None:
        """Installs the plug-in as a user would."""
        self.ground.got("plugin", "install", "gimp", GIMP3_DIRECTORY=str(self.profile))
        rc = '(config-version "3.0.4")\n(show-welcome-dialog no)\n(quick-mask-color (color-rgba 1 0 0 0.5))\n'
        (self.profile / "gimprc").write_text(rc)
        shortcut = '(file-version 1)\n(action "got-edit" "<Primary>F9")\n'
        (self.profile / "shortcutsrc").write_text(shortcut)
        shutil.copytree(HERE / "gimp_scripts", self.ground.folder / "scripts")
        self._allow_engine_start()

    def _allow_engine_start(self) -> None:
        """Prefixes the engine command that `got plugin install` stored with a step out of the chroot."""
        marker = self.profile / "plug-ins/got_gimp/got_desktop.json"
        content = json.loads(marker.read_text())
        outside = ["/usr/bin/python3", f"{self.inside(self.ground.folder)}/scripts/outside.py", str(CHROOT)]
        setting = [f"{name}={value}" for name, value in self.ground.environment().items()]
        content["engine_command"] = [*outside, "/usr/bin/env", *setting, *content["engine_command"]]
        marker.write_text(json.dumps(content))

    def press(self, *keys: str) -> None:
        """Presses keys in GIMP's image window."""
        search = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", r"GIMP$"],
            env={**os.environ, "DISPLAY": self.display},
            capture_output=True,
            text=True,
        )
        for window in search.stdout.split():
            for command in (["windowfocus", window], ["key", "--window", window, *keys]):
                subprocess.run(["xdotool", *command], env={**os.environ, "DISPLAY": self.display}, check=False)

    def run(self, script: str, *, window: bool = False, **environment: str) -> dict:
        """Runs a batch script and returns its notes. Fails with GIMP's output if the script did not finish."""
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
        log = self.ground.folder / f"{script}.err"
        with log.open("wb") as output:
            process = subprocess.run(
                ["chroot", str(CHROOT), *command], env=variables, stdout=output, stderr=output, timeout=LIMIT
            )
        notes = self.ground.folder / f"{script}.json"
        assert notes.exists(), f"GIMP ended with {process.returncode}:\n{log.read_text(errors='replace')[-3000:]}"
        results = json.loads(notes.read_text())
        error = results.pop("error", None)
        assert error is None, f"{error}\n{results}"
        return results
