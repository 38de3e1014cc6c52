"""One address takes some of the page's connections, and a few never take all of them."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from edgeverify.settings.web import WebSettings
from edgeverify.web.listener import AT_ONCE, PER_ADDRESS, listen, source_of
from tests.certificates import Authority
from tests.ports import free_port
from tests.waiting import patience, until
from tests.web.small_server import HERE, serving

CROWD, ELSEWHERE = "127.0.0.1", "127.0.0.2"


@contextmanager
def _served(folder: Path, *, is_tls: bool) -> Iterator[int]:
    port = free_port()
    files = Authority(folder / "ca").issue("localhost", folder / "page") if is_tls else None
    config = uvicorn.Config(
        HERE,
        loop="asyncio",
        ws="none",
        log_config=None,
        ssl_certfile=files.certificate if files else None,
        ssl_keyfile=files.key if files else None,
    )
    with listen(WebSettings(enabled=True, port=port)) as listener, serving(config, listener):
        yield port


def _answers(port: int, source: str, *, is_tls: bool) -> bool:
    scheme = "https" if is_tls else "http"
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    transport = httpx.HTTPTransport(local_address=source, verify=context)
    with httpx.Client(transport=transport, timeout=patience(10)) as browser:
        try:
            return browser.get(f"{scheme}://127.0.0.1:{port}/").status_code == 200
        except httpx.TransportError:
            return False


def _is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("is_tls", [False, True])
def test_one_address_keeps_nobody_else_out_and_gets_its_places_back(
    *, is_tls: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with _served(tmp_path, is_tls=is_tls) as port, ExitStack() as held:
        with caplog.at_level(logging.WARNING):
            crowd = [
                held.enter_context(socket.create_connection((CROWD, port))) for _ in range(300)
            ]
            surplus = len(crowd) - PER_ADDRESS
            until(lambda: sum(map(_is_closed, crowd)) == surplus, "the surplus to be closed")
        assert not _answers(port, CROWD, is_tls=is_tls)
        assert _answers(port, ELSEWHERE, is_tls=is_tls)
        told = [each.message for each in caplog.records if "places" in each.message]
        assert told == [f"a connection was closed: {CROWD} holds 24 of the page's places"]
        for one in crowd:
            one.close()
        until(lambda: _answers(port, CROWD, is_tls=is_tls), "its places to be free again")


@pytest.mark.parametrize("is_tls", [False, True])
def test_few_addresses_that_hold_all_places_make_room_for_another(
    *, is_tls: bool, tmp_path: Path
) -> None:
    crowds = ("127.0.0.3", "127.0.0.4", "127.0.0.5")
    with _served(tmp_path, is_tls=is_tls) as port, ExitStack() as held:
        for _ in range(PER_ADDRESS):
            for source in crowds:
                held.enter_context(_connected(port, source))
        others = [held.enter_context(_connected(port, ELSEWHERE)) for _ in range(PER_ADDRESS)]
        share = AT_ONCE // (len(crowds) + 1)
        surplus = PER_ADDRESS - share
        until(lambda: sum(map(_is_closed, others)) == surplus, "no more than an equal share")
        for source in crowds:
            held.enter_context(_connected(port, source))
        assert not _answers(port, ELSEWHERE, is_tls=is_tls)
        assert sum(map(_is_closed, others)) == surplus, "and none is pushed out by turns"
        assert _answers(port, "127.0.0.6", is_tls=is_tls)


def _connected(port: int, source: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), source_address=(source, 0))


@pytest.mark.parametrize(
    ("address", "source"),
    [
        (("192.0.2.7", 4711), "192.0.2.7"),
        (("::ffff:192.0.2.7", 4711, 0, 0), "192.0.2.7"),
        (("2001:db8::6", 4711, 0, 0), "2001:db8::6"),
        (("fe80::1%eth0", 4711, 0, 2), "fe80::1"),
    ],
)
def test_an_address_is_one_source_however_it_is_written(
    address: tuple[object, ...], source: str
) -> None:
    assert source_of(address) == source
