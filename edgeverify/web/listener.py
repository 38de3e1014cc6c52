"""The page's port. A few addresses never take all connections: others get theirs.

They are counted when they come, before TLS is spoken: a connection on which a handshake is not
begun costs a place too.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from typing import Any

from edgeverify.errors import EXHAUSTED_ADVICE, StateError, is_of_exhaustion
from edgeverify.settings.web import WebSettings

LOG = logging.getLogger(__name__)

PER_ADDRESS = 24
"""Connections of one address at once: a browser opens six."""
AT_ONCE = 64
"""Of all addresses, those that have not spoken TLS yet among them."""
REFUSED_IN_A_ROW = 64
"""Then others have their turn."""
FULL_SECONDS = 0.02
"""Between two tries while no connection can be taken: what is being served goes on meanwhile."""


class BoundedListener(socket.socket):
    """A listening socket that closes what comes from an address that has enough already.

    Once all places are taken, the address with the most gives up its oldest one for an address
    that has fewer, so that shares become equal and none can push another out by turns.
    """

    def __init__(self, listening: socket.socket, per_address: int = PER_ADDRESS) -> None:
        """Take over `listening`."""
        super().__init__(fileno=listening.detach())
        self._per_address = per_address
        self._open: dict[str, list[socket.socket]] = {}
        self._told: set[str] = set()

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection that has a place. Raises BlockingIOError where none came."""
        for _ in range(REFUSED_IN_A_ROW):
            connection, address = self._next()
            source = source_of(address)
            self._forget_closed()
            count = len(self._open.get(source, ()))
            if count < self._per_address and self._has_room(count):
                self._open.setdefault(source, []).append(connection)
                return connection, address
            connection.close()
            self._tell(source, count)
        raise BlockingIOError

    def _next(self) -> tuple[socket.socket, Any]:
        """Return the next connection; where no file can be opened it waits its turn."""
        try:
            return super().accept()
        except OSError as error:
            if not is_of_exhaustion(error):
                raise
            LOG.error("connections wait: %s. %s", error.strerror, EXHAUSTED_ADVICE)  # noqa: TRY400
            # The event loop would ask again at once, and for ever; its own pause for this is
            # begun thousands of times over, and each ends in a traceback where the page ends.
            time.sleep(FULL_SECONDS)
            raise BlockingIOError from None

    def _has_room(self, count: int) -> bool:
        """Return whether one more may come from an address that has `count`; make the room."""
        if sum(map(len, self._open.values())) < AT_ONCE:
            return True
        source = max(self._open, key=lambda each: len(self._open[each]))
        most = self._open[source]
        if len(most) <= count + 1:
            return False
        self._tell(source, len(most))
        with contextlib.suppress(OSError):  # the other side may have gone
            most.pop(0).shutdown(socket.SHUT_RDWR)  # the server sees its end, and closes it
        return True

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
