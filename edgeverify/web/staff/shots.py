"""Pictures that a manager took with the door's camera: in memory, for a quarter of an hour."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

MOST = 12
SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class _Shot:
    user: str
    jpeg: bytes
    taken_at: float


@dataclass(slots=True)
class Shots:
    """By a token that stands in the form; `now` is monotonic seconds."""

    _shots: OrderedDict[str, _Shot] = field(default_factory=OrderedDict)

    def put(self, user: str, jpeg: bytes, now: float) -> str:
        """Keep a picture; return its token."""
        for token in [key for key, one in self._shots.items() if now - one.taken_at > SECONDS]:
            del self._shots[token]
        token = secrets.token_urlsafe(18)
        self._shots[token] = _Shot(user, jpeg, now)
        while len(self._shots) > MOST:
            self._shots.popitem(last=False)
        return token

    def take(self, token: str, user: str, now: float) -> bytes | None:
        """Return a picture once, to whoever took it."""
        found = self._shots.get(token)
        if found is None or found.user != user or now - found.taken_at > SECONDS:
            return None
        return self._shots.pop(token).jpeg
