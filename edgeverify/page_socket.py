"""Where the daemon listens for the local page: apart from the commands' socket, with less to ask.

The page runs as another user, which may not enter the state directory. Under systemd both units
name a folder that the page's group may enter (`EDGEVERIFY_PAGE_SOCKETS`); elsewhere daemon and page
are one user, and the socket lies in the state directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeverify.status_socket import Json, ask

VARIABLE = "EDGEVERIFY_PAGE_SOCKETS"
OWN_NAME = "page.sock"


@dataclass(frozen=True, slots=True)
class PageSocket:
    """A socket's folder, name and mode."""

    folder: Path
    name: str
    mode: int

    def ask(
        self, request: str, *, timeout_seconds: float = 5.0, **arguments: Json
    ) -> Mapping[str, Json]:
        """Ask the daemon, and return its result. Raises StateError; see `status_socket.ask`."""
        return ask(
            self.folder,
            request,
            timeout_seconds=timeout_seconds,
            socket_name=self.name,
            **arguments,
        )


def page_socket(door: str, state: Path, environ: Mapping[str, str]) -> PageSocket:
    """Return where the page of `door` and its daemon meet; nothing is made."""
    shared = environ.get(VARIABLE, "")
    if shared:
        return PageSocket(Path(shared), f"{door}.sock", 0o660)
    return PageSocket(state, OWN_NAME, 0o600)
