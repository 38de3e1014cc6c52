"""Who is logged in: random tokens, kept hashed on disk, so that a restart logs nobody out."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from edgeverify.atomic_file import read_plain, write_whole
from edgeverify.web.logins import Login
from edgeverify.web.roles import Role

FILE = "sessions.json"
MOST = 200
"""Sessions at once; the oldest end first."""
SCREEN_SECONDS = 365 * 86400.0
SAVED_EVERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody's log-in from one browser. Times are seconds of the wall clock since 1970."""

    name: str
    role: Role
    fingerprint: str
    form_token: str
    began_at: float
    seen_at: float


class Sessions:
    """All of them, by the SHA-256 of the token that the browser has."""

    def __init__(
        self, folder: Path, *, wall: Callable[[], float], idle: float, longest: float
    ) -> None:
        self._path = folder / FILE
        self._wall = wall
        self._idle = idle
        self._longest = longest
        self._saved_at = 0.0
        self._known: dict[str, Session] = _read(self._path)

    def begin(self, login: Login) -> str:
        """Log somebody in; return the token for their browser."""
        token = secrets.token_urlsafe(32)
        now = self._wall()
        self._known[_hashed(token)] = Session(
            login.name, login.role, login.fingerprint, secrets.token_urlsafe(24), now, now
        )
        self._drop_ended(now)
        self._save(now)
        return token

    def find(self, token: str, logins: Mapping[str, Login]) -> Session | None:
        """Return the session of a token that still counts, and note that it was used."""
        key = _hashed(token)
        session = self._known.get(key)
        now = self._wall()
        if session is None or self._has_ended(session, now):
            return None
        login = logins.get(session.name)
        if login is None or login.fingerprint != session.fingerprint:
            return None
        self._known[key] = replace(session, seen_at=now)
        if now - self._saved_at >= SAVED_EVERY_SECONDS:
            self._save(now)
        return session

    def end(self, token: str) -> None:
        """Log out."""
        if self._known.pop(_hashed(token), None) is not None:
            self._save(self._wall())

    def _has_ended(self, session: Session, now: float) -> bool:
        age, idle = now - session.began_at, now - session.seen_at
        if session.role is Role.SCREEN:
            return not 0 <= age < SCREEN_SECONDS
        # A clock that was put back must not lengthen a log-in.
        return not (0 <= age < self._longest and idle < self._idle)

    def _drop_ended(self, now: float) -> None:
        alive = [(key, one) for key, one in self._known.items() if not self._has_ended(one, now)]
        alive.sort(key=lambda pair: pair[1].began_at)
        self._known = dict(alive[-MOST:])

    def _save(self, now: float) -> None:
        self._saved_at = now
        told = {key: asdict(one) for key, one in self._known.items()}
        with suppress(OSError):  # a full disk: whoever is logged in stays so until the restart
            write_whole(self._path, json.dumps(told).encode(), is_durable=False)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _read(path: Path) -> dict[str, Session]:
    try:
        told = json.loads(read_plain(path))
        return {
            str(key): Session(**(one | {"role": Role(one["role"])})) for key, one in told.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
