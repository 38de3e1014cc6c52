"""Changes that were shown and not confirmed yet: one a session, kept in memory."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from edgeverify.web.staff.editing import Draft
from edgeverify.web.staff.form import PersonForm
from edgeverify.web.staff.photos import KeptPhoto
from edgeverify.web.staff.place import StaffPlace

MOST = 50
SECONDS = 1800.0

Act: TypeAlias = Literal["add", "change", "remove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What will be done once it is confirmed; `gone` are photos that no entry names then.

    `form` is what it came from, None for a removal; `warnings` and `look_alikes` are shown with it.
    """

    act: Act
    card: str
    user: str
    place: StaffPlace
    draft: Draft
    new: tuple[KeptPhoto, ...] = ()
    gone: tuple[str, ...] = ()
    has_consent: bool = False
    made_at: float = 0.0
    name: str = ""
    form: PersonForm | None = None
    warnings: tuple[str, ...] = ()
    look_alikes: Sequence[Mapping[str, Any]] = ()


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
        found = self.look(token, user, now)
        if found is not None:
            del self._changes[token]
        return found

    def look(self, token: str, user: str, now: float) -> Change | None:
        """Return a change to whoever made it, and keep it."""
        found = self._changes.get(token)
        if found is None or found.user != user or now - found.made_at > SECONDS:
            return None
        return found
