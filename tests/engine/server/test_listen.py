"""The engine's listening socket."""

import asyncio
import socket

from engine.server.serve import listen


def test_small_packets_are_sent_at_once():
    """Without Nagle's algorithm, on a persistent connection."""
    no_delay: list[int] = []

    def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = writer.get_extra_info("socket")
        no_delay.append(line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async def connect() -> None:
        with listen() as listener:
            async with await asyncio.start_server(answer, sock=listener):
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                await reader.read()
                writer.close()

    asyncio.run(connect())
    assert len(no_delay) == 1 and no_delay[0] != 0
