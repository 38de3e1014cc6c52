"""The one gate in front of every page: who asks, may they, and did the form come from here."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from edgeverify.errors import EdgeverifyError, is_of_exhaustion
from edgeverify.web.parts import Parts
from edgeverify.web.roles import Role
from edgeverify.web.sessions import Session

Handler = Callable[[Request, Parts], Awaitable[Response]]

MAX_FIELDS = 60
MAX_FILES = 40
"""More than make a reference, so that the form can say so at its field."""
MAX_FIELD_BYTES = 64 * 1024
NOT_FROM_HERE = "This form did not come from this page, or is too old. Open it again."
LOST = "Log in again. What was sent with this form was not taken."
HOME = {Role.VIEWER: "/", Role.MANAGER: "/", Role.SCREEN: "/screen"}


@dataclass(frozen=True, slots=True)
class Page:
    """One route. `roles` None: open to everybody, logged in or not (the log-in alone)."""

    path: str
    handler: Handler
    roles: frozenset[Role] | None
    method: str = "GET"

    def route(self, parts: Parts) -> Route:
        """Return the route behind its gate."""

        async def gated(request: Request) -> Response:
            return await _gate(request, parts, self)

        return Route(self.path, gated, methods=[self.method], name=f"{self.method} {self.path}")


def session_of(request: Request) -> Session:
    """Return who asks; only behind a gate that lets nobody else through."""
    session: Session = request.scope["edgeverify.session"]
    return session


async def _gate(request: Request, parts: Parts, page: Page) -> Response:
    try:
        session = await look_for_session(request, parts)
        refusal = _refusal(request, parts, page, session)
        is_form = refusal is None and page.method == "POST"
        if is_form and not await _is_from_here(request, session, page):
            refusal = _refused(request, parts, 403, NOT_FROM_HERE)
        return refusal or await page.handler(request, parts)
    except EdgeverifyError as error:
        if is_of_exhaustion(error):
            raise  # its advice is about a file with which nothing is wrong
        return parts.render(
            request,
            "problem.html",
            {"problem": error.problem, "advice": error.advice},
            status=503,
        )
    finally:
        await request.close()


def _refusal(
    request: Request, parts: Parts, page: Page, session: Session | None
) -> Response | None:
    """Return why this page is not for whoever asks, or None."""
    if page.roles is None:
        return None
    if session is None:
        if page.method != "GET" or "text/html" not in request.headers.get("accept", ""):
            return _refused(request, parts, 401, "You are not logged in, or no longer.", LOST)
        return RedirectResponse("/login", 303)
    if session.role in page.roles:
        return None
    if page.path == "/":
        return RedirectResponse(HOME[session.role], 303)
    return _refused(request, parts, 403, "Your log-in may not do this.")


async def look_for_session(request: Request, parts: Parts) -> Session | None:
    """Find out who asks, for everything that is shown to them. Raises KeyUnusableError."""
    request.scope["edgeverify.session"] = None
    token = request.cookies.get(parts.cookie, "")
    if not token:
        return None
    known = await run_in_threadpool(parts.logins.all)
    session = request.scope["edgeverify.session"] = parts.sessions.find(token, known)
    return session


async def _is_from_here(request: Request, session: Session | None, page: Page) -> bool:
    """Hold a form to its origin and to the session's own token (OWASP, CSRF prevention)."""
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    if origin is not None:
        if urlsplit(origin).netloc.lower() != host.lower():
            return False
    elif request.headers.get("sec-fetch-site", "") != "same-origin":
        return False
    form = await request.form(
        max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES
    )
    if page.roles is None:
        return True  # the log-in, which has a token of its own
    given = form.get("form_token")
    return (
        session is not None
        and isinstance(given, str)
        and secrets.compare_digest(given.encode(), session.form_token.encode())
    )


def _refused(
    request: Request, parts: Parts, status: int, problem: str, advice: str = ""
) -> Response:
    values = {"problem": problem, "advice": advice}
    return parts.render(request, "problem.html", values, status=status)
