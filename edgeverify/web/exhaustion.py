"""What is answered where the page can open no file: a sentence, and none of its code in the log."""

from __future__ import annotations

import logging

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgeverify.errors import EXHAUSTED_ADVICE, exhaustion_of

LOG = logging.getLogger(__name__)


class ExhaustionAnswered:
    """A layer around the pages. An answer that had begun ends where it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        is_begun = False

        async def sending(message: Message) -> None:
            nonlocal is_begun
            is_begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            exhausted = exhaustion_of(error)
            if exhausted is None:
                raise
            LOG.error("a request was not served: %s. %s", exhausted.strerror, EXHAUSTED_ADVICE)  # noqa: TRY400
            if not is_begun:
                text = f"The page can open nothing now: {exhausted.strerror}. Try again."
                await PlainTextResponse(text, 503)(scope, receive, sending)
