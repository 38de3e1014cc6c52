"""What must not leave the door in a support bundle, taken out of texts. Pure.

Cards, names and photo paths of the config become `card-1`, `person-1`, `photo-1`, so that a log
still shows who is the same; addresses keep scheme, host and port only; keys, passwords and anything
long enough to be an embedding or a picture are cut out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from edgeverify.camera.source import public_name
from edgeverify.how_many import how_many
from edgeverify.settings import Settings

_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.\-]*://)(?P<rest>[^\s\"'<>\\]*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"^(?:[^/?#@]*@)?(?P<host>[^/?#@]*)(?P<beyond>[^@]*)$")
_NAMED_SECRET = re.compile(
    r"(?P<name>\b(?:password|passwd|passphrase|secret|token|api_?key|user-pw|user-id)\b[\"']?\s*[=:]\s*)"
    r"(?P<value>\"[^\"]*\"|'[^']*'|[^\s,;\"'}]+)",
    re.IGNORECASE,
)
_PEM = re.compile(r"-----BEGIN [^-]+-----.*?-----END [^-]+-----", re.DOTALL)
_LONG_RUN = re.compile(r"[A-Za-z0-9+/=_\-]{129,}")
"""Longer than any hash, signature or id that is written down; an embedding in base64 has 680."""
_NUMBERS = re.compile(r"\[?(?:-?\d+\.\d+(?:e-?\d+)?[,\s]+){15,}-?\d+\.\d+(?:e-?\d+)?\]?")
"""A row of sixteen and more fractions is a vector."""
_AFTER_CARD = re.compile(r"\bcard[\s=:\"']{1,4}\w+", re.IGNORECASE)
LONGEST_SHORT_CARD = 3
"""Such a card is only replaced behind the word "card": elsewhere it is a number like any other."""
REMOVED = "***"


class Redactor:
    """Cleans texts of what one config knows. `secrets` are further values, such as a password."""

    def __init__(self, settings: Settings | None = None, secrets: Iterable[str] = ()) -> None:
        aliases: dict[str, str] = {secret: REMOVED for secret in secrets if secret}
        staff = settings.staff if settings is not None else ()
        for number, entry in enumerate(staff, start=1):
            for photo, path in enumerate(entry.photos, start=1):
                aliases[path] = f"photo-{number}.{photo}"
            aliases[entry.name] = f"person-{number}"
            aliases[entry.card] = f"card-{number}"
        if settings is not None and settings.claims.fixed_card:
            aliases.setdefault(settings.claims.fixed_card, "card-fixed")
        if settings is not None and settings.mqtt.username:
            aliases.setdefault(settings.mqtt.username, "broker-user")
        self._aliases = aliases
        self._words = _any_of(word for word in aliases if len(word) > LONGEST_SHORT_CARD)
        self._short_cards = _any_of(word for word in aliases if len(word) <= LONGEST_SHORT_CARD)

    def clean(self, text: str) -> str:
        """Return the text without anything that must not leave."""
        text = _PEM.sub(REMOVED, text)
        text = _ADDRESS.sub(_host_only, text)
        text = _NAMED_SECRET.sub(rf"\g<name>{REMOVED}", text)
        text = self._words.sub(lambda found: self._aliases[found[0]], text)
        text = _AFTER_CARD.sub(
            lambda card: self._short_cards.sub(lambda found: self._aliases[found[0]], card[0]), text
        )
        text = _NUMBERS.sub(REMOVED, text)
        return _LONG_RUN.sub(lambda found: f"<{len(found[0])} characters removed>", text)

    def settings(self, settings: Settings) -> dict[str, Any]:
        """Return the settings as JSON types: people are counted, not listed."""
        said: dict[str, Any] = settings.model_dump(mode="json")
        said["camera"]["source"] = public_name(settings.camera.source)
        said["staff"] = how_many(len(settings.staff), "person", "people")
        said["claims"]["fixed_card"] = REMOVED if settings.claims.fixed_card else ""
        said["mqtt"]["username"] = REMOVED if settings.mqtt.username else ""
        return said


def _host_only(found: re.Match[str]) -> str:
    """Keep scheme, host and port of an address: a password may stand in any other part.

    With an @ beyond the host nobody can say which part is the host.
    """
    authority = _AUTHORITY.match(found["rest"])
    if authority is None:
        return f"{found['scheme']}{REMOVED}"
    return f"{found['scheme']}{authority['host']}" + (f"/{REMOVED}" if authority["beyond"] else "")


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Match any of the words, whole; the longest first, so that a name in a path waits its turn."""
    ordered = sorted(words, key=len, reverse=True)
    return re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in ordered) or r"(?!)")
