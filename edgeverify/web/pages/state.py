"""State: how the door is, what is wrong with it, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from edgeverify.errors import StateError
from edgeverify.web.parts import Parts


async def show(request: Request, parts: Parts) -> Response:
    """Return the page."""
    return parts.render(request, "state.html", await _values(parts))


async def part(request: Request, parts: Parts) -> Response:
    """Return what changes on it, to be put in place every few seconds."""
    return parts.render(request, "state_part.html", await _values(parts))


async def _values(parts: Parts) -> Mapping[str, Any]:
    try:
        status = await parts.link.ask("status")
    except StateError as error:
        return {"status": None, "problem": error.problem, "advice": error.advice}
    return {"status": status, "problem": "", "advice": ""}
