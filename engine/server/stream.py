"""A job's events as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from engine.api.encoding import dumps
from engine.api.protocol import EVENT_NAMES, Event, Finished, Snapshot
from engine.server.state import EngineState


async def stream(engine: EngineState, id: str, last: str) -> AsyncIterator[bytes]:
    """What comes after the event `last`, to the end of the job or of the engine; a sign of life when it is quiet.

    Nothing is kept for a reader who does not keep up: who missed events gets a Snapshot first.
    """
    loop, changed, log = asyncio.get_running_loop(), asyncio.Event(), engine.queue.log(id)
    end = log.listen(lambda: loop.call_soon_threadsafe(changed.set))
    engine.streams.add(changed)
    try:
        while not engine.closing:
            changed.clear()
            missed, events, newest = log.after(last)
            if missed or not (events or last):
                yield encoded(newest, Snapshot(engine.queue.state(id)))
            for at, event in events:
                yield encoded(at, event)
            last = newest
            if events and isinstance(events[-1][1], Finished):
                return
            state = engine.queue.state(id)
            if state.final and not log.after(last)[1]:  # it ended in another engine's time, or all was told before
                yield encoded(last, Finished(state))
                return
            try:
                await asyncio.wait_for(changed.wait(), engine.settings.heartbeat)
            except TimeoutError:
                yield b": alive\n\n"
    finally:
        end()
        engine.streams.discard(changed)


def encoded(id: str, event: Event) -> bytes:
    """An event as its lines; the id is what `Last-Event-ID` brings back."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (id.encode(), EVENT_NAMES[type(event)].encode(), dumps(event))
