"""A real Krita, driven by scripts that run in it."""

from __future__ import annotations

import json
import shutil
import subprocess

from tests.hosts.ground import HERE, LIMIT, Ground


class Krita:
    """A real Krita with a profile of its own and the plug-in in it, driven by scripts of `krita_scripts`."""

    def __init__(self, ground: Ground, display: str) -> None:
        self.ground, self.display = ground, display

    def install(self) -> None:
        """The plug-in as a user installs it, and beside it the driver."""
        self.ground.got("plugin", "install", "krita")
        home = self.ground.folder / "home"
        shutil.copytree(HERE / "krita_scripts", home / ".local/share/krita/pykrita", dirs_exist_ok=True)
        other = home / ".local/share/krita/pykrita/PyQt6"  # some other program's: this Krita has PyQt5
        other.mkdir()
        (other / "__init__.py").write_text("raise RuntimeError('another Qt was taken than the one that Krita has')")
        settings = home / ".config/kritarc"
        settings.write_text(settings.read_text() + "enable_got_driver=true\n")
        self.draw_by("none")

    def draw_by(self, renderer: str) -> None:
        """`auto` is Krita's own choice, OpenGL: ten seconds for the first canvas without a graphics card."""
        (self.ground.folder / "home/.config/kritadisplayrc").write_text(f"[General]\nOpenGLRenderer={renderer}\n")

    def run(self, script: str, **environment: str) -> dict:
        """What the script noted down. The test fails with what Krita said where the script did not come to its end."""
        report = self.ground.folder / f"{script}.json"
        variables = self.ground.environment() | {
            "DISPLAY": self.display,
            "GOT_DRIVER_SCRIPT": str(HERE / "krita_scripts" / f"{script}.py"),
            "GOT_DRIVER_REPORT": str(report),
            "GOT_PICTURES": str(self.ground.pictures),
            **environment,
        }
        said = self.ground.folder / f"{script}.err"
        with said.open("wb") as output:
            done = subprocess.run(["krita", "--nosplash"], env=variables, stdout=output, stderr=output, timeout=LIMIT)
        assert report.exists(), f"Krita ended with {done.returncode}:\n{said.read_text(errors='replace')[-3000:]}"
        found = json.loads(report.read_text())
        assert found["errors"] == []
        assert found["done"]
        return found["notes"]
