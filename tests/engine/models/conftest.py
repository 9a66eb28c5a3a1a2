from pathlib import Path

import pytest

from tests.engine.models.released import Released


@pytest.fixture
def released(golden: Path, tmp_path: Path) -> Released:
    """Both golden checkpoints, to damage."""
    return Released.copy(golden, tmp_path / "released")
