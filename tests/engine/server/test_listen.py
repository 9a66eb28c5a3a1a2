"""Where the engine listens."""

import asyncio
import socket

from engine.server.serve import listen


def test_small_pieces_are_sent_at_once():
    """To a client that keeps its connection, and of a stream of events, without waiting for more to send."""
    said: list[int] = []

    def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = writer.get_extra_info("socket")
        said.append(line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async def connect() -> None:
        with listen() as listener:
            async with await asyncio.start_server(answer, sock=listener):
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                await reader.read()
                writer.close()

    asyncio.run(connect())
    assert said[0] != 0
