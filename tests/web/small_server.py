"""A server with one page that says "here", for what happens before any page of ours is asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.waiting import until

HERE = Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))])


@contextmanager
def serving(config: uvicorn.Config, *listeners: socket.socket) -> Iterator[None]:
    """Serve on these sockets, or on the config's own port, until the block ends."""
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=(list(listeners) or None,))
    thread.start()
    try:
        until(lambda: server.started, "the server")
        yield
    finally:
        server.should_exit = True
        thread.join()
