"""A real Krita, driven by scripts that run inside it."""

from __future__ import annotations

import json
import shutil
import subprocess

from tests.hosts.ground import HERE, LIMIT, Ground


class Krita:
    """A real Krita with a fresh profile and the plug-in, driven by scripts in `krita_scripts`."""

    def __init__(self, ground: Ground, display: str) -> None:
        self.ground, self.display = ground, display

    def install(self) -> None:
        """Installs the plug-in as a user would, and the driver next to it."""
        self.ground.got("plugin", "install", "krita")
        home = self.ground.folder / "home"
        shutil.copytree(HERE / "krita_scripts", home / ".local/share/krita/pykrita", dirs_exist_ok=True)
        foreign = home / ".local/share/krita/pykrita/PyQt6"  # from another program: this Krita has PyQt5
        foreign.mkdir()
        (foreign / "__init__.py").write_text("raise RuntimeError('imported another Qt than Krita's')")
        settings = home / ".config/kritarc"
        settings.write_text(settings.read_text() + "enable_got_driver=true\n")
        self.draw_by("none")

    def draw_by(self, renderer: str) -> None:
        """`auto` is Krita's default, OpenGL: without a GPU the first canvas takes ten seconds."""
        (self.ground.folder / "home/.config/kritadisplayrc").write_text(f"[General]\nOpenGLRenderer={renderer}\n")

    def run(self, script: str, **environment: str) -> dict:
        """Runs a script and returns its notes. Fails with Krita's output if the script did not finish."""
        report = self.ground.folder / f"{script}.json"
        variables = self.ground.environment() | {
            "DISPLAY": self.display,
            "GOT_DRIVER_SCRIPT": str(HERE / "krita_scripts" / f"{script}.py"),
            "GOT_DRIVER_REPORT": str(report),
            "GOT_PICTURES": str(self.ground.pictures),
            **environment,
        }
        log = self.ground.folder / f"{script}.err"
        with log.open("wb") as output:
            process = subprocess.run(
                ["krita", "--nosplash"], env=variables, stdout=output, stderr=output, timeout=LIMIT
            )
        assert report.exists(), f"Krita ended with {process.returncode}:\n{log.read_text(errors='replace')[-3000:]}"
        results = json.loads(report.read_text())
        assert results["errors"] == []
        assert results["done"]
        return results["notes"]
