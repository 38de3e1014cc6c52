"""The shipped YAML, which is the manual: written from the settings, so that it cannot lie.

`python -m edgeverify.config.manual > config/edgeverify.yaml` makes it; a test proves that the
committed file is what this gives, and that it reads as the defaults.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
import textwrap
from collections.abc import Iterator

from pydantic.fields import FieldInfo

from edgeverify.config.explaining import allowed_range, choices, section_of
from edgeverify.settings import HoursSettings, Section, Settings, StaffEntry

WIDTH = 96

_STAY_TOGETHER = "\u2423"
"""Stands for a space at which a line must not be broken."""

_BARE = re.compile(r"^[a-z/][a-z0-9/_-]*$")
_LOOKS_ODD = frozenset({"true", "false", "null"})

_OPENING = """\
edgeverify: everything that can be set, with its unit, its allowed values and its default.

This file is the manual. A door needs only the keys that it changes; a key that is left out has
the value shown here. Units are part of the names (seconds, pixels, celsius). Unknown, doubled or
mistyped keys keep the service from starting and are named with their line:
`edgeverify check-config FILE`. The rules are those of YAML 1.2: on, off, yes, no and 17:30 are
text, true and false are not. Card numbers are written in quotes. Anchors and aliases are not
accepted. Relative paths start from this file's folder.
"""

_PEOPLE = """\
Who may come in. Every entry has these keys (`?`: may be left out):
"""

_EXAMPLE = """\
staff:
  - card: "0012345"
    name: Ada Lovelace
    photos: [photos/ada.jpg, photos/ada-with-glasses.jpg]
    valid_from: 2026-01-01
    valid_until: 2026-12-31
    doors: [front-door, laboratory]
    hours:
      time_zone: Europe/London
      windows: ["Mon-Fri 07:00-19:00", "Sat 22:00-06:00"]
"""


def render() -> str:
    """Return the text of config/edgeverify.yaml."""
    lines = _comment(_OPENING, "")
    lines += _section(Settings, "", skip=frozenset({"staff"}))
    lines += ["", *_comment(_PEOPLE, "")]
    for name, field in StaffEntry.model_fields.items():
        mark = "" if field.is_required() else "?"
        text = " ".join((field.description or "").split())
        lines += _comment(f"{name}{mark}: {text}" if text else f"{name}{mark}", "", hang=4)
    for name, field in HoursSettings.model_fields.items():
        text = " ".join((field.description or "").split())
        lines += _comment(f"hours.{name}?: {text}" if text else f"hours.{name}?", "", hang=4)
    lines += ["#", "# For example:", "#"]
    lines += [f"#   {line}" for line in _EXAMPLE.splitlines()]
    lines += ["", "staff: []"]
    return "\n".join(lines) + "\n"


def _section(section: type[Section], indent: str, *, skip: frozenset[str]) -> Iterator[str]:
    for name, field in section.model_fields.items():
        if name in skip:
            continue
        inner = section_of(field.annotation)
        if inner is None:
            if not indent:
                yield ""
            yield from _comment(_describe(field), indent)
            yield f"{indent}{name}: {_value(field)}".rstrip()
            continue
        if not indent:
            yield ""
        yield from _comment(field.description or inspect.getdoc(inner) or "", indent)
        yield f"{indent}{name}:"
        yield from _section(inner, indent + "  ", skip=frozenset())


def _describe(field: FieldInfo) -> str:
    text = " ".join((field.description or "").split())
    allowed = allowed_range(field)
    words = choices(field.annotation)
    if words and not all(word in text for word in words):
        allowed = ", ".join(words)
    if isinstance(field.default, bool):
        allowed = "true or false"
    if allowed:
        allowed = f"[{allowed}]".replace(" ", _STAY_TOGETHER)
        text = f"{text} {allowed}" if text else allowed
    return text


def _value(field: FieldInfo) -> str:
    default = field.default
    if default is None:
        return ""
    if isinstance(default, tuple):
        return json.dumps(list(default), ensure_ascii=False)
    if isinstance(default, float):
        return f"{default:.10f}".rstrip("0").rstrip(".")
    if isinstance(default, str) and _BARE.match(default) and default not in _LOOKS_ODD:
        return default
    return json.dumps(default, ensure_ascii=False)


def _comment(text: str, indent: str, *, hang: int = 0) -> list[str]:
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        if lines:
            lines.append(f"{indent}#")
        wrapped = textwrap.wrap(
            " ".join(paragraph.split()),
            WIDTH - len(indent) - 2,
            subsequent_indent=" " * hang,
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines += [f"{indent}# {line.replace(_STAY_TOGETHER, ' ')}" for line in wrapped]
    return lines


if __name__ == "__main__":
    sys.stdout.write(render())
