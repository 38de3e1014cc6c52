"""The page's way to the daemon: questions on its socket, and what the config says of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool

from edgeverify.errors import StateError
from edgeverify.page_socket import PageSocket
from edgeverify.status_socket import Json, NoDaemonError


@dataclass(frozen=True, slots=True)
class DoorLink:
    """Asks the daemon without holding up other requests. Raises StateError."""

    place: PageSocket

    async def ask(
        self, request: str, *, timeout_seconds: float = 5.0, **arguments: Json
    ) -> Mapping[str, Any]:
        """Return the daemon's answer."""

        def asked() -> Mapping[str, Json]:
            return self.place.ask(request, timeout_seconds=timeout_seconds, **arguments)

        try:
            return await run_in_threadpool(asked)
        except NoDaemonError:
            raise StateError(
                "the door's own program does not run, so nobody is let in",
                advice="Whoever looks after the machine starts it: `systemctl start edgeverify` "
                "(or `edgeverify@DOOR`). `edgeverify doctor` says what keeps it from running.",
            ) from None

    async def write_down(self, act: str, subject: str, user: str) -> None:
        """Journal what somebody did on the page, before it is done. Raises StateError."""
        await self.ask("act", act=act, subject=subject, user=user)
