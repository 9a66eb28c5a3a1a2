import subprocess
from pathlib import Path

import pytest

from engine.models import convert
from tests.engine.models.released import Released


@pytest.fixture
def released(golden: Path, tmp_path: Path) -> Released:
    """Both golden checkpoints, to damage."""
    return Released.copy(golden, tmp_path / "released")


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen]:
    """The processes that an import starts."""
    started: list[subprocess.Popen] = []

    class Noted(subprocess.Popen):
        def __init__(self, *arguments, **options) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(convert.subprocess, "Popen", Noted)
    return started
