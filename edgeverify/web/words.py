"""How values are written on the pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from edgeverify.config.wall_clock import WallClock

REASONS = {
    "match": "the face matched",
    "unknown_reference": "nobody has this card",
    "not_valid_now": "not valid at this time",
    "wrong_door": "not for this door",
    "locked_out": "locked out after failures",
    "locked_down": "the door was locked down",
    "already_inside": "the card is inside already",
    "claim_expired": "the claim was too old",
    "superseded": "another card came",
    "no_face": "nobody in view",
    "multiple_faces": "several faces",
    "poor_quality": "no usable picture",
    "non_match": "the face did not match",
    "ambiguous": "two people could be meant",
    "presentation_attack": "a picture was held up",
    "challenge_failed": "did not do what was asked",
    "liveness_unavailable": "liveness could not be judged",
    "camera_unavailable": "no camera",
    "model_unavailable": "no model",
    "reference_unusable": "no usable reference",
    "journal_unavailable": "the journal could not be written",
    "overheated": "too hot",
    "clock_unsynced": "the clock cannot be trusted",
    "internal_error": "an error of the door's",
}

NOTICES = {
    "duress": "somebody was forced: the person's second number was used",
    "second_person": "a second face right after a grant: perhaps two went in on one card",
    "passback": "a card came in that was inside already",
    "held_open": "the door stood open for too long",
    "forced": "the door was opened by force",
}
"""What a manager or guard should know; the last two are the lock's own words."""
LOCK_SAID = re.compile(r"^lock ([a-z_]+) \(")


def notice(value: object) -> str:
    """Return a notice's kind in words."""
    return NOTICES.get(str(value), str(value).replace("_", " "))


def of_lock(act: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a lock reported as a row of the notices, or None where it is nothing to know."""
    found = LOCK_SAID.match(str(act["act"]))
    if found is None or found[1] not in NOTICES:
        return None
    event_id = str(act["subject"])
    return {"at": act["at"], "kind": found[1], "card": "", "name": "", "event_id": event_id}


ACTS = {
    "page log-in": "logged in on the page",
    "page log-in failed": "failed to log in on the page",
    "page aim": "looked through the camera",
    "page capture": "took a picture with the camera",
    "page people add": "added a person",
    "page people change": "changed a person",
    "page people remove": "removed a person",
    "page consent noted": "noted a person's consent to pictures",
    "page export journal": "took the journal away as a file",
    "evidence shown": "opened a picture of a decision",
}
"""What people do on the page; other acts are words already."""


def act(value: object) -> str:
    """Return an act in words; empty where it is in words already."""
    return ACTS.get(str(value), "")


def sentence(value: object) -> str:
    """Return text as a sentence; a file's name at its beginning stays as it is."""
    text = str(value).strip()
    first = text.partition(" ")[0].rstrip(".,:")
    if not set(first) & set("./_`"):
        text = text[:1].upper() + text[1:]
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def moment(value: object, clock: WallClock) -> str:
    """Return a time of ISO 8601 on the door's wall clock."""
    try:
        return clock.shown(datetime.fromisoformat(str(value)))
    except ValueError:
        return str(value)


def stamp(value: object, clock: WallClock) -> str:
    """Return a time of ISO 8601 as one of the door's wall clock, with its offset."""
    return clock.stamp(datetime.fromisoformat(str(value)))


def reason(value: object) -> str:
    """Return a reason in words."""
    return REASONS.get(str(value), str(value).replace("_", " "))


def word(row: Mapping[str, Any]) -> str:
    """Return a decision's outcome in one word; a panel behind the door decides after `verified`."""
    if row["outcome"] != "grant":
        return "denied"
    return "verified" if row.get("opened_by") else "granted"


def tone(row: Mapping[str, Any]) -> str:
    """Return the colour of a decision's outcome."""
    return {"denied": "bad", "granted": "good"}.get(word(row), "warn")


def plain(value: object) -> str:
    """Return a name of the program's with blanks."""
    return str(value).replace("_", " ")


def number(value: object, digits: int = 3) -> str:
    """Return a figure, or a dash where there is none."""
    return f"{value:.{digits}f}" if isinstance(value, (int, float)) else "\u2013"


def coded(value: object) -> Markup:
    """Return text whose `marked` words stand as code; everything is escaped."""
    parts = re.split(r"`([^`]+)`", str(value))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


FILTERS: dict[str, Callable[..., Any]] = {
    "reason": reason,
    "word": word,
    "tone": tone,
    "notice": notice,
    "act": act,
    "sentence": sentence,
    "plain": plain,
    "number": number,
    "coded": coded,
}
