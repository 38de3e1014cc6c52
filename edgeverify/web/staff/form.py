"""A person's form, and the entry that it makes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from starlette.datastructures import FormData, UploadFile

from edgeverify.config.building import CONTROL, TURNING

LONGEST = 2000
MOST_PHOTOS = 20

_LINES = frozenset({"windows"})
"""Fields of several lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonForm:
    """What stands in the fields, as text; `kept` are the photos of the entry that stay."""

    card: str = ""
    name: str = ""
    valid_from: str = ""
    valid_until: str = ""
    doors: str = ""
    time_zone: str = ""
    windows: str = ""
    language: str = ""
    kept: tuple[str, ...] = ()

    def unreadable(self) -> dict[str, str]:
        """Return what is wrong with fields whose signs no config may hold, by the field's name."""
        found = {}
        for each in fields(self):
            text = getattr(self, each.name)
            if not isinstance(text, str):
                continue
            if TURNING.search(text):
                found[each.name] = (
                    "This must not contain characters that change the reading direction"
                )
            elif CONTROL.search(re.sub(r"[\r\n]", "", text) if each.name in _LINES else text):
                found[each.name] = "This must be one line of text without control characters"
        return found

    @classmethod
    def of_entry(cls, entry: Mapping[str, Any]) -> PersonForm:
        """Fill the form from an entry of the file."""
        hours = entry.get("hours")
        hours = hours if isinstance(hours, dict) else {}
        return cls(
            card=str(entry.get("card") or ""),
            name=str(entry.get("name") or ""),
            valid_from=str(entry.get("valid_from") or ""),
            valid_until=str(entry.get("valid_until") or ""),
            doors=", ".join(_texts(entry.get("doors"))),
            time_zone=str(hours.get("time_zone") or ""),
            windows="\n".join(_texts(hours.get("windows"))),
            language=str(entry.get("language") or ""),
            kept=tuple(_texts(entry.get("photos"))),
        )

    @classmethod
    def of_data(cls, data: FormData) -> PersonForm:
        """Take what was sent."""

        def text(name: str) -> str:
            value = data.get(name)
            return value.strip()[:LONGEST] if isinstance(value, str) else ""

        return cls(
            card=text("card"),
            name=text("name"),
            valid_from=text("valid_from"),
            valid_until=text("valid_until"),
            doors=text("doors"),
            time_zone=text("time_zone"),
            windows=text("windows"),
            language=text("language"),
            kept=tuple(str(one) for one in data.getlist("kept") if isinstance(one, str)),
        )

    def entry(
        self,
        before: Mapping[str, Any],
        photos: tuple[str, ...],
        camera_photos: tuple[str, ...],
    ) -> dict[str, Any]:
        """Return the entry: `before` with the form's fields; what the form has not, stays."""
        hours = before.get("hours")
        hours = dict(hours) if isinstance(hours, dict) else {}
        _put(hours, "time_zone", self.time_zone)
        _put(hours, "windows", _lines(self.windows))
        entry = dict(before)
        entry["card"], entry["name"], entry["photos"] = self.card, self.name, list(photos)
        _put(entry, "camera_photos", list(camera_photos))
        _put(entry, "valid_from", self.valid_from)
        _put(entry, "valid_until", self.valid_until)
        _put(entry, "doors", [one.strip() for one in self.doors.split(",") if one.strip()])
        _put(entry, "hours", hours)
        _put(entry, "language", self.language)
        return entry


def fingerprint(entry: Mapping[str, Any]) -> str:
    """Return what is another once anything of an entry is: a form knows what it was opened on."""
    told = json.dumps(entry, sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def uploads(data: FormData) -> list[UploadFile]:
    """Return the photos that came with a form."""
    return [one for one in data.getlist("photo") if isinstance(one, UploadFile) and one.filename]


def _put(values: dict[str, Any], key: str, value: object) -> None:
    if value:
        values[key] = value
    else:
        values.pop(key, None)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
