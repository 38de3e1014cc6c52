"""Logging in and out."""

from __future__ import annotations

import math
import secrets

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from edgeverify.errors import StateError
from edgeverify.web.guard import HOME, session_of
from edgeverify.web.parts import Parts
from edgeverify.web.roles import Role
from edgeverify.web.sessions import SCREEN_SECONDS

WRONG = "This name and password do not match."


async def show(request: Request, parts: Parts) -> Response:
    """Return the form."""
    return await _form(request, parts)


async def log_in(request: Request, parts: Parts) -> Response:
    """Look at a name and a password."""
    form = await request.form()
    name, password = str(form.get("name") or "").strip(), str(form.get("password") or "")
    token, cookie = str(form.get("form_token") or ""), request.cookies.get(_cookie(parts), "")
    if not cookie or not secrets.compare_digest(token.encode(), cookie.encode()):
        return await _form(request, parts, "The form was too old. Try again.", status=403)
    address = request.client.host if request.client else ""
    now = parts.monotonic()
    if pause := parts.attempts.pause(address, name, now):
        said = f"Too many wrong passwords. Wait {math.ceil(pause)} seconds, then try again."
        answer = await _form(request, parts, said, name=name, status=429)
        answer.headers["retry-after"] = str(math.ceil(pause))
        return answer
    # Counted before it is looked at: else guesses that come at once would all be looked at.
    parts.attempts.failed(address, name, now)
    login = await run_in_threadpool(parts.logins.check, name, password)
    if login is None:
        await _write_down(parts, "page log-in failed", address, name or "nobody")
        return await _form(request, parts, WRONG, name=name, status=401)
    parts.attempts.succeeded(address, name)
    await _write_down(parts, "page log-in", login.role.value, login.name)
    answer = RedirectResponse(HOME[login.role], 303)
    answer.set_cookie(
        parts.cookie,
        parts.sessions.begin(login),
        max_age=int(SCREEN_SECONDS) if login.role is Role.SCREEN else None,
        path="/",
        secure=parts.is_tls,
        httponly=True,
        samesite="strict",
    )
    answer.delete_cookie(_cookie(parts), path="/", secure=parts.is_tls)
    return answer


async def log_out(request: Request, parts: Parts) -> Response:
    """End the session."""
    session_of(request)
    parts.sessions.end(request.cookies.get(parts.cookie, ""))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(parts.cookie, path="/", secure=parts.is_tls)
    return answer


def _cookie(parts: Parts) -> str:
    return f"{parts.cookie}-form"


async def _form(
    request: Request, parts: Parts, problem: str = "", *, name: str = "", status: int = 200
) -> Response:
    token = secrets.token_urlsafe(24)
    has_logins = bool(await run_in_threadpool(parts.logins.all))
    values = {"problem": problem, "name": name, "form_token": token, "has_logins": has_logins}
    answer = parts.render(request, "login.html", values, status=status)
    answer.set_cookie(
        _cookie(parts),
        token,
        max_age=3600,
        path="/",
        secure=parts.is_tls,
        httponly=True,
        samesite="strict",
    )
    return answer


async def _write_down(parts: Parts, act: str, subject: str, user: str) -> None:
    """Journal it where the daemon is there; a door that is down can still be looked at."""
    try:
        await parts.link.write_down(act, subject, user)
    except StateError:
        return
