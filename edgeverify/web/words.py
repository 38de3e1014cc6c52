"""How values are written on the pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

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


def moment(value: object) -> str:
    """Return a time of ISO 8601 on this machine's wall clock."""
    try:
        return f"{datetime.fromisoformat(str(value)).astimezone():%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return str(value)


def reason(value: object) -> str:
    """Return a reason in words."""
    return REASONS.get(str(value), str(value).replace("_", " "))


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
    "moment": moment,
    "reason": reason,
    "plain": plain,
    "number": number,
    "coded": coded,
}
