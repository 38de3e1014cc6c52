"""Whoever opens connections and sends nothing keeps nobody out."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

from edgeverify.web.headers import Frontier, TooSlowError
from edgeverify.web.slow_clients import PromptProtocol
from tests.ports import free_port
from tests.waiting import patience, until
from tests.web.small_server import HERE, serving


class _Hasty(PromptProtocol):
    header_seconds = 0.3


@contextmanager
def _served() -> Iterator[int]:
    port = free_port()
    config = uvicorn.Config(
        HERE, port=port, http=_Hasty, ws="none", limit_concurrency=4, log_config=None
    )
    with serving(config):
        yield port


def test_a_connection_without_a_whole_request_is_closed() -> None:
    half = b"GET / HTTP/1.1\r\nHost: loc"
    whole = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with _served() as port:
        for begun in (b"", half, whole + half):
            with socket.create_connection(("127.0.0.1", port), patience(10)) as held:
                held.sendall(begun)
                said = b""
                while came := held.recv(4096):
                    said += came
                assert said.count(b"200 OK") == begun.count(whole)
        crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(6)]
        for one in crowd:
            one.sendall(half)
        until(lambda: _answers(port), "an answer once the crowd was sent away")
        for one in crowd:
            one.close()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", timeout=patience(5)).status_code == 200
    except httpx.TransportError:
        return False


def test_a_body_that_pauses_for_too_long_is_given_up() -> None:
    told: list[str] = []

    async def app(_: Any, receive: Any, __: Any) -> None:
        assert (await receive())["body"] == b"begun"
        try:
            await receive()
        except TooSlowError:
            told.append("too slow")

    messages = iter([{"type": "http.request", "body": b"begun", "more_body": True}])

    async def receive() -> MutableMapping[str, Any]:
        for message in messages:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    async def send(_: MutableMapping[str, Any]) -> None:
        raise AssertionError

    frontier = Frontier(
        app, names={"localhost"}, max_body_bytes=100, is_tls=False, pause_seconds=0.1
    )
    scope = {"type": "http", "path": "/", "headers": [(b"host", b"localhost")]}
    asyncio.run(frontier(scope, receive, send))
    assert told == ["too slow"]
