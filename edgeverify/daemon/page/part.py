"""The page's socket: opened where `web.enabled` says so, tried again where it cannot be made."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.page.requests import PageRequests
from edgeverify.domain import FaultName
from edgeverify.errors import StateError
from edgeverify.page_socket import PageSocket
from edgeverify.status_socket import StatusServer

LOG = logging.getLogger(__name__)

THREADS = 4
"""A screen must not wait while somebody's photo is tried."""
RETRY_SECONDS = 15.0


@dataclass(slots=True, eq=False, kw_only=True)
class PagePart:
    """Owned by the supervisor, like the commands' socket; without `is_wanted` it does nothing."""

    is_wanted: bool
    place: PageSocket
    requests: PageRequests
    faults: FaultBoard
    _server: StatusServer | None = None
    _tried_at: float = float("-inf")

    def look(self, now: float) -> None:
        """Open the socket where it is not open, and keep the page's fault true."""
        if not self.is_wanted:
            return
        if self._server is not None and not self._server.is_there:
            LOG.warning("the page's socket was deleted or replaced while the door ran")
            self._server.close()
            self._server = None
        if self._server is None and now - self._tried_at >= RETRY_SECONDS:
            self._tried_at = now
            self._open(now)
        self.requests.viewfinder.rest(now)
        fault = self.requests.presence.fault(now)
        self.faults.state(FaultName.PAGE_UNAVAILABLE, fault, present=bool(fault))

    def close(self) -> None:
        """Stop answering."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.requests.viewfinder.close()

    def _open(self, now: float) -> None:
        place = self.place
        try:
            self._server = StatusServer(
                place.folder,
                self.requests.handlers(),
                name=place.name,
                mode=place.mode,
                threads=THREADS,
            )
        except StateError as error:
            LOG.warning("%s", error.problem)
            self.requests.presence.heard(now, error.problem)
