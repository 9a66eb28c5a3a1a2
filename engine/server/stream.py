"""The events of a job as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from engine.api.encoding import dumps
from engine.api.protocol import EVENT_NAMES, Event, Finished, Snapshot
from engine.server.state import EngineState


async def stream(engine: EngineState, id: str, last: str) -> AsyncIterator[bytes]:
    """Yields the events after the event `last` until the job or the engine ends, and a comment when there is none for a
    while.

    Events are not buffered for slow readers: a reader that missed events gets a Snapshot first.
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
            if state.final and not log.after(last)[1]:  # ended under an earlier engine, or all events were sent before
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
    """An event in the format of server-sent events; clients send its id back as `Last-Event-ID`."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (id.encode(), EVENT_NAMES[type(event)].encode(), dumps(event))
