"""Folders of one test: the host's profile, the engine's folders, a place for pictures."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from engine.api.runtime import read_runtime

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LIMIT = 1200
"""Seconds that a host may run: a minute on an idle machine; a busy machine is not a failure."""


@dataclass
class Ground:
    """Folders of one test: the host's profile, the engine's folders, a place for pictures."""

    folder: Path

    @property
    def pictures(self) -> Path:
        return self.folder / "pictures"

    @property
    def runtime(self) -> Path:
        return self.folder / "engine"

    def environment(self) -> dict[str, str]:
        """The environment of a user of a fresh machine, and no more."""
        home = self.folder / "home"
        for name in (".config", ".local/share", "run"):
            (home / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        return {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_DATA_HOME": str(home / ".local" / "share"),
            "XDG_RUNTIME_DIR": str(home / "run"),
            "TMPDIR": str(home / "run"),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "GOT_ENGINE_RUNTIME": str(self.runtime),
            "GOT_ENGINE_DATA": str(self.folder / "data"),
            "OMP_NUM_THREADS": "1",
        }

    def got(self, *words: str, **environment: str) -> str:
        """Runs the command line in the same environment."""
        command = [sys.executable, "-m", "got_desktop", *words]
        process = subprocess.run(
            command, cwd=ROOT, env=self.environment() | environment, capture_output=True, text=True
        )
        assert process.returncode == 0, process.stderr
        return process.stdout

    def take_samples(self) -> None:
        """Copies the sample pictures, to be worked on."""
        self.pictures.mkdir(parents=True)
        for sample in (ROOT / "resources" / "samples").glob("*.png"):
            shutil.copy(sample, self.pictures)

    def end_engine(self) -> None:
        runtime = read_runtime(self.runtime) if self.runtime.exists() else None
        if runtime is not None and runtime.alive:
            os.kill(runtime.pid, 9)
