"""A screen, fresh profiles and an engine for the real hosts."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.gimp import CHROOT, Gimp
from tests.hosts.ground import HERE, LIMIT, Ground
from tests.hosts.krita import Krita
from tests.hosts.screens import virtual_screen
from tests.once import once

KRITA_DATA = "home/.local/share/krita"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.hosts)
            item.add_marker(pytest.mark.timeout(LIMIT + 60))


@pytest.fixture(scope="session")
def screen() -> Iterator[str]:
    """The display of a virtual screen."""
    with virtual_screen() as display:
        yield display


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    new_ground = Ground(tmp_path)
    new_ground.take_samples()
    yield new_ground
    new_ground.end_engine()


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory, screen: str) -> Path:
    """Krita's folder after its first start, with the plug-in. Unpacking its brushes takes half a minute."""

    def start(folder: Path) -> None:
        host = Krita(Ground(folder), screen)
        host.install()
        host.run("first_start")

    return once(tmp_path_factory, "krita", start) / KRITA_DATA


@pytest.fixture
def krita(ground: Ground, screen: str, unpacked: Path) -> Iterator[Krita]:
    own = ground.folder / KRITA_DATA
    shutil.copytree(unpacked, own, ignore=shutil.ignore_patterns("pykrita", "actions"))  # the plug-in
    host = Krita(ground, screen)
    host.install()
    yield host
    shutil.rmtree(own)  # a hundred megabytes


@pytest.fixture
def gimp(screen: str) -> Iterator[Gimp]:
    """GIMP with folders inside its chroot, which are removed after the test."""
    folder = Path(tempfile.mkdtemp(prefix="got", dir=CHROOT / "srv"))
    host = Gimp(Ground(folder), screen)
    host.ground.take_samples()
    host.install()
    yield host
    host.ground.end_engine()
    target = os.environ.get("GOT_HOSTS_PICTURES")
    if target:
        shutil.copytree(host.ground.folder, target, dirs_exist_ok=True)
    shutil.rmtree(folder)
