"""What lets a program speak plainly, on loopback, to a broker that wants TLS."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.waiting import patience

CLOSING_SECONDS = 0.2
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


@contextmanager
def plain_way_to(port: int, authority: Path) -> Iterator[int]:
    """Listen on a port for the length of a block; what comes there goes on to `port` under TLS."""
    trust = ssl.create_default_context(cafile=str(authority))
    loop = asyncio.new_event_loop()

    async def pump(source: Reader, to: Writer) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                to.write(data)
                await to.drain()
        to.close()

    async def pass_on(reader: Reader, writer: Writer) -> None:
        far, near = await asyncio.open_connection("localhost", port, ssl=trust)
        try:
            await asyncio.gather(pump(reader, near), pump(far, writer))
        except asyncio.CancelledError:
            near.transport.abort()
            writer.transport.abort()

    async def end() -> None:
        server.close()
        open_ways = asyncio.all_tasks() - {asyncio.current_task()}
        for way in open_ways:
            way.cancel()
        await asyncio.gather(*open_ways, return_exceptions=True)
        await asyncio.sleep(CLOSING_SECONDS)  # transports close at the loop's next turns

    server = loop.run_until_complete(asyncio.start_server(pass_on, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(patience(5))
        loop.run_until_complete(end())
        loop.close()
