"""The screen at the door: what to do now, large; then granted or denied. No names."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from edgeverify.errors import StateError
from edgeverify.languages import say
from edgeverify.web.parts import Parts

LOOK_SECONDS = 0.2
ALIVE_EVERY = 50
"""Looks without news after which it is said that somebody is there: a screen that hears nothing
shows that the door is out of order, and no welcome that is over."""
SHOWN = ("moment", "code", "words", "more", "language", "light", "is_sounding")


async def show(request: Request, parts: Parts) -> Response:
    """Return the screen."""
    language = parts.language
    values = {"lost": say("out_of_order", language), "language": language}
    return parts.render(request, "screen.html", values | {"now": await _now(parts)})


async def events(request: Request, parts: Parts) -> Response:
    """Return what the screen shows, each time it changes (server-sent events, HTML Standard)."""

    async def told() -> AsyncIterator[str]:
        last, quiet = "", 0
        while not await request.is_disconnected():
            text = json.dumps(await _now(parts), ensure_ascii=False)
            quiet += 1
            if text != last:
                last, quiet = text, 0
                yield f"data: {text}\n\n"
            elif quiet >= ALIVE_EVERY:
                quiet = 0
                yield "event: alive\ndata:\n\n"
            await asyncio.sleep(LOOK_SECONDS)

    return StreamingResponse(told(), media_type="text/event-stream")


async def _now(parts: Parts) -> Mapping[str, Any]:
    try:
        now = await parts.link.ask("screen")
        return {key: now[key] for key in SHOWN}
    except StateError:
        words = say("out_of_order", parts.language)
        away = ("denied", "out_of_order", words, "", parts.language, "", False)
        return dict(zip(SHOWN, away, strict=True))
