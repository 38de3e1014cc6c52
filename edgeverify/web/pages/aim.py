"""Aim: what the camera sees, whether a face there could be compared; and pictures for enrolment."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from edgeverify.errors import StateError
from edgeverify.web.guard import session_of
from edgeverify.web.parts import Parts

SHOWN = ("is_there", "why", "is_usable", "advice", "rows", "box", "frames_per_second", "jpeg")
LOOK_SECONDS = 30.0
"""The first look opens the networks."""


async def show(request: Request, parts: Parts) -> Response:
    """Return the page; that somebody looks through the camera is written down."""
    await parts.link.write_down("page aim", "", session_of(request).name)
    return parts.render(request, "aim.html")


async def look(_: Request, parts: Parts) -> Response:
    """Return one look, with a small picture."""
    try:
        told = await parts.link.ask("aim", timeout_seconds=LOOK_SECONDS)
    except StateError as error:
        told = {"is_there": False, "why": f"{error.problem}. {error.advice}"}
    return JSONResponse({key: told[key] for key in SHOWN if key in told})


async def capture(request: Request, parts: Parts) -> Response:
    """Take a picture for an enrolment, where it is a good one; it is kept in memory until saved."""
    user = session_of(request).name
    await parts.link.write_down("page capture", "", user)
    told: Mapping[str, Any] = await parts.link.ask("capture", timeout_seconds=LOOK_SECONDS)
    if not told.get("is_there"):
        return JSONResponse({"is_good": False, "said": told.get("why") or "No picture."})
    if not told["is_usable"]:
        return JSONResponse({"is_good": False, "said": f"Not good enough: {told['advice']}."})
    token = parts.shots.put(user, base64.b64decode(told["jpeg"]), parts.monotonic())
    return JSONResponse({"is_good": True, "said": "Good.", "shot": token, "jpeg": told["jpeg"]})
