"""Changes that were shown and not confirmed yet: one a session, kept in memory."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from edgeverify.web.staff.editing import Draft
from edgeverify.web.staff.photos import KeptPhoto
from edgeverify.web.staff.place import StaffPlace

MOST = 50
SECONDS = 1800.0

Act: TypeAlias = Literal["add", "change", "remove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What will be done once it is confirmed; `gone` are photos that no entry names then."""

    act: Act
    card: str
    user: str
    place: StaffPlace
    draft: Draft
    new: tuple[KeptPhoto, ...] = ()
    gone: tuple[str, ...] = ()
    has_consent: bool = False
    made_at: float = 0.0


@dataclass(slots=True)
class Pending:
    """By a token that stands in the form; `now` is monotonic seconds."""

    _changes: OrderedDict[str, Change] = field(default_factory=OrderedDict)

    def put(self, change: Change) -> str:
        """Keep a change; return its token."""
        token = secrets.token_urlsafe(18)
        self._changes[token] = change
        while len(self._changes) > MOST:
            self._changes.popitem(last=False)
        return token

    def take(self, token: str, user: str, now: float) -> Change | None:
        """Return a change once, to whoever made it, within half an hour."""
        found = self._changes.get(token)
        if found is None or found.user != user or now - found.made_at > SECONDS:
            return None
        return self._changes.pop(token)
