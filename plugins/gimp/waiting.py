"""Runs the engine's work while GIMP's main loop goes on, so that dialog and progress stay alive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from gi.repository import GLib

from engine.api.errors import EngineError
from engine.api.protocol import Event
from plugins.common.session import Run, Session, Work

T = TypeVar("T")


def new_session() -> Session:
    """The plug-in's way to the engine; the marker lies beside the package."""
    return Session("GIMP", Path(__file__).resolve().parents[1], lambda call: GLib.idle_add(_once, call))


def _once(call: Callable[[], None]) -> bool:
    call()
    return False


def wait(session: Session, work: Work[T], heard: Callable[[Event], None]) -> T:
    """What the work gives. Raises the EngineError that it ended with."""
    loop = GLib.MainLoop()
    results: list[T] = []
    errors: list[EngineError] = []

    def done(result: T) -> None:
        results.append(result)
        loop.quit()

    def failed(error: EngineError) -> None:
        errors.append(error)
        loop.quit()

    session.begin(work, Run(done, failed, heard))
    loop.run()
    if errors:
        raise errors[0]
    return results[0]
