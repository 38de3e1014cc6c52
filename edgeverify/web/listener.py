"""The page's port. One address never takes all connections: others get theirs.

They are counted when they come, before TLS is spoken: a connection on which a handshake is not
begun costs a place too.
"""

from __future__ import annotations

import logging
import socket
from typing import Any

from edgeverify.errors import StateError
from edgeverify.settings.web import WebSettings

LOG = logging.getLogger(__name__)

PER_ADDRESS = 24
"""Connections of one address at once: a browser opens six."""
AT_ONCE = 256
"""Of all addresses, those that have not spoken TLS yet among them; it stays below `ulimit -n`."""
REFUSED_IN_A_ROW = 64
"""Then others have their turn."""


class BoundedListener(socket.socket):
    """A listening socket that closes what comes from an address that has enough already."""

    def __init__(self, listening: socket.socket, per_address: int = PER_ADDRESS) -> None:
        """Take over `listening`."""
        super().__init__(fileno=listening.detach())
        self._per_address = per_address
        self._open: dict[str, list[socket.socket]] = {}
        self._told: set[str] = set()

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection that has a place. Raises BlockingIOError where none came."""
        for _ in range(REFUSED_IN_A_ROW):
            connection, address = super().accept()
            source = source_of(address)
            self._forget_closed()
            held = self._open.setdefault(source, [])
            if len(held) < self._per_address and sum(map(len, self._open.values())) < AT_ONCE:
                held.append(connection)
                return connection, address
            connection.close()
            self._tell(source, len(held))
        raise BlockingIOError

    def _forget_closed(self) -> None:
        open_ones = {
            source: [each for each in held if each.fileno() >= 0]
            for source, held in self._open.items()
        }
        self._open = {source: held for source, held in open_ones.items() if held}
        self._told &= set(self._open)

    def _tell(self, source: str, count: int) -> None:
        if source not in self._told:
            self._told.add(source)
            LOG.warning("a connection was closed: %s holds %d of the page's places", source, count)


def source_of(address: tuple[Any, ...]) -> str:
    """Return whose connection it is; an IPv4 address written as IPv6 counts as itself."""
    return str(address[0]).partition("%")[0].removeprefix("::ffff:")


def listen(settings: WebSettings) -> BoundedListener:
    """Open the port. Raises StateError naming it."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        family, _, _, _, address = found[0]
        return BoundedListener(socket.create_server(address[:2], family=family, backlog=128))
    except OSError as error:
        raise StateError(
            f"the page cannot listen on {settings.host} port {settings.port}: {error.strerror}",
            advice="Another program has it, or this machine has no such address: set `web.host` "
            "and `web.port`.",
        ) from None
