"""The way to a broker under TLS carries both directions, and leaves nothing open behind it."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

from tests.certificates import Authority
from tests.integrations.tls_proxy import plain_way_to
from tests.waiting import patience


def test_what_is_said_plainly_arrives_under_tls_and_is_answered(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    pair = authority.issue("localhost", tmp_path / "server")
    identity = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    identity.load_cert_chain(pair.certificate, pair.key)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        heard: list[bytes] = []

        def answer() -> None:
            connection, _ = listening.accept()
            with identity.wrap_socket(connection, server_side=True) as speaking:
                heard.append(speaking.recv(100))
                speaking.sendall(b"granted")
                speaking.recv(100)

        server = threading.Thread(target=answer)
        server.start()
        with (
            plain_way_to(listening.getsockname()[1], authority.certificate) as port,
            socket.create_connection(("127.0.0.1", port), timeout=patience(5)) as plain,
        ):
            plain.sendall(b"claim")
            assert plain.recv(100) == b"granted"
        server.join(patience(5))
    assert heard == [b"claim"]
