"""Waits for the engine's work while GIMP's main loop runs, so that dialog and progress stay responsive."""

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
    """The plug-in's session; the marker is in the folder that contains this package."""
    return Session("GIMP", Path(__file__).resolve().parents[1], lambda call: GLib.idle_add(_once, call))


def _once(call: Callable[[], None]) -> bool:
    call()
    return False


def wait(session: Session, work: Work[T], on_event: Callable[[Event], None]) -> T:
    """Returns the result of the work, or raises the EngineError that it ended with."""
    loop = GLib.MainLoop()
    results: list[T] = []
    errors: list[EngineError] = []

    def on_done(result: T) -> None:
        results.append(result)
        loop.quit()

    def on_error(error: EngineError) -> None:
        errors.append(error)
        loop.quit()

    session.begin(work, Run(on_done, on_error, on_event))
    loop.run()
    if errors:
        raise errors[0]
    return results[0]
