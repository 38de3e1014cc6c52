"""The page's routes, in one table with who may use each."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from edgeverify.errors import EdgeverifyError, StateError
from edgeverify.settings.web import WebSettings
from edgeverify.web.exhaustion import ExhaustionAnswered
from edgeverify.web.guard import Page, look_for_session
from edgeverify.web.headers import Frontier, TooLargeError, TooSlowError, too_large, too_slow
from edgeverify.web.pages import aim, changing, journal, login, people, screen, state
from edgeverify.web.pages.people import swept
from edgeverify.web.parts import Parts
from edgeverify.web.roles import EVERYBODY, MANAGERS, PEOPLE

STATIC = Path(__file__).with_name("static")
ALIVE_SECONDS = 10.0
SWEPT_EVERY = 60
"""Reports between two looks for photos that nobody has confirmed."""
MEBIBYTE = 1024 * 1024

PAGES = (
    Page("/login", login.show, None),
    Page("/login", login.log_in, None, "POST"),
    Page("/logout", login.log_out, EVERYBODY, "POST"),
    Page("/", state.show, PEOPLE),
    Page("/state/part", state.part, PEOPLE),
    Page("/journal", journal.show, PEOPLE),
    Page("/journal/acts", journal.acts, PEOPLE),
    Page("/journal/notices", journal.notices, PEOPLE),
    Page("/journal/export.csv", journal.export, PEOPLE),
    Page("/journal/{event_id}", journal.decision, PEOPLE),
    Page("/journal/{event_id}/picture", journal.picture, MANAGERS, "POST"),
    Page("/aim", aim.show, MANAGERS),
    Page("/aim/look", aim.look, MANAGERS),
    Page("/people", people.show, MANAGERS),
    Page("/people/new", people.new, MANAGERS),
    Page("/people/new", changing.add, MANAGERS, "POST"),
    Page("/people/confirm", changing.ask, MANAGERS),
    Page("/people/confirm", changing.confirm, MANAGERS, "POST"),
    Page("/people/capture", aim.capture, MANAGERS, "POST"),
    Page("/people/of/{card}", people.edit, MANAGERS),
    Page("/people/of/{card}/photo", people.photo, MANAGERS),
    Page("/people/of/{card}", changing.change, MANAGERS, "POST"),
    Page("/people/of/{card}/remove", changing.remove, MANAGERS, "POST"),
    Page("/screen", screen.show, EVERYBODY),
    Page("/screen/events", screen.events, EVERYBODY),
)


def application(parts: Parts, settings: WebSettings, *, max_upload_mebibytes: float) -> ASGIApp:
    """Return the page, ready to be served."""

    async def not_there(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        with contextlib.suppress(EdgeverifyError):
            await look_for_session(request, parts)
        values = {"problem": "There is no such page.", "advice": "Begin at the State page."}
        return parts.render(request, "problem.html", values, status=status)

    async def unread(request: Request, error: Exception) -> Response:
        with contextlib.suppress(EdgeverifyError):
            await look_for_session(request, parts)
        said = error.detail if isinstance(error, HTTPException) else ""
        values = {
            "problem": f"What was sent could not be read. {said}".strip(),
            "advice": "Go back, and send less at once.",
        }
        return parts.render(request, "problem.html", values, status=400)

    async def failed(request: Request, _: Exception) -> Response:
        request.scope.setdefault("edgeverify.session", None)
        values = {"problem": "The page failed on this. Its log has more.", "advice": ""}
        return parts.render(request, "problem.html", values, status=500)

    async def too_much(_: Request, __: Exception) -> Response:
        return too_large(limit)

    async def too_late(_: Request, __: Exception) -> Response:
        return too_slow()

    limit = int((max_upload_mebibytes + 1) * MEBIBYTE)
    names = {"localhost", "127.0.0.1", "::1", settings.host, *settings.names}
    app = Starlette(
        routes=[
            *(page.route(parts) for page in PAGES),
            Mount("/static", StaticFiles(directory=STATIC), name="static"),
        ],
        middleware=[Middleware(ExhaustionAnswered)],
        exception_handlers={
            400: unread,
            404: not_there,
            405: not_there,
            500: failed,
            TooLargeError: too_much,
            TooSlowError: too_late,
        },
        lifespan=lambda _: _living(parts),
    )
    return Frontier(app, names=names, max_body_bytes=limit, is_tls=parts.is_tls)


@contextlib.asynccontextmanager
async def _living(parts: Parts) -> AsyncIterator[None]:
    """Report to the daemon, for as long as the page runs, that it does."""

    async def tell() -> None:
        for number in itertools.count():
            if number % SWEPT_EVERY == 0:  # also where nobody opens the page of the people
                await run_in_threadpool(swept, parts)
            with contextlib.suppress(StateError):
                await parts.link.ask("page-alive")
            await asyncio.sleep(ALIVE_SECONDS)

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling
