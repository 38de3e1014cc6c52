"""What every answer carries, and which requests get none: strange names, bodies without end."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, MutableMapping
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Everything comes from the page itself; no script or style stands in its HTML."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
PAUSE_SECONDS = 20.0
YEAR = "max-age=31536000"


class TooLargeError(Exception):
    """A body beyond the limit."""


class TooSlowError(Exception):
    """A body of which nothing came for too long."""


class Frontier:
    """The outermost layer. `names` are the host names that this page answers to.

    A body must not pause for more than `pause_seconds`: whoever holds a connection and sends
    nothing keeps others out.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        names: Collection[str],
        max_body_bytes: int,
        is_tls: bool,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._app = app
        self._pause = pause_seconds
        self._names = {name.lower() for name in names}
        self._max_body = max_body_bytes
        self._headers = HEADERS | ({"strict-transport-security": YEAR} if is_tls else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if _host(headers) not in self._names:
            # Else a page elsewhere could reach this one under a name of its own (DNS rebinding).
            text = "This page does not answer to that name. `web.names` in the config lists more."
            await PlainTextResponse(text, 421)(scope, receive, self._with_headers(scope, send))
            return
        seen, is_whole = 0, False

        async def limited() -> Message:
            nonlocal seen, is_whole
            try:
                # Behind a whole body it is waited for the end of the connection, for ever.
                message = await asyncio.wait_for(receive(), None if is_whole else self._pause)
            except asyncio.TimeoutError:
                raise TooSlowError from None
            is_whole = not message.get("more_body", False)
            seen += len(message.get("body", b""))
            if seen > self._max_body:
                raise TooLargeError
            return message

        told = headers.get(b"content-length", b"0")
        is_short = told.isdigit() and int(told) <= self._max_body
        app = self._app if is_short else too_large(self._max_body)
        await app(scope, limited, self._with_headers(scope, send))

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        is_static = str(scope["path"]).startswith("/static/")

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message.get("headers", [])}
                message["headers"] = [
                    *message.get("headers", []),
                    *(
                        (name.encode(), value.encode())
                        for name, value in self._headers.items()
                        if name.encode() not in given
                        and not (is_static and name == "cache-control")
                    ),
                ]
            await send(message)

        return sending


def too_large(limit: int) -> PlainTextResponse:
    """Return the answer to a body of more than `limit` bytes."""
    return PlainTextResponse(f"More than {limit >> 20} MiB at once is not accepted.", 413)


def too_slow() -> PlainTextResponse:
    """Return the answer to a body that does not come."""
    return PlainTextResponse("Nothing arrived for too long. Send it again.", 408)


def _host(headers: dict[bytes, bytes]) -> str:
    host = headers.get(b"host", b"").decode("latin-1").lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
