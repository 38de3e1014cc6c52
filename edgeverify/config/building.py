"""Parser events to plain values with their lines; each is judged before anything is built from it.

No anchors, aliases or tags, depth at most 8, no key twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from edgeverify.config.problems import KeyPath, Problem, fatal

LONGEST_NUMBER = 64
"""Characters; longer digits are text, since nobody means a number by them."""

_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], int | float]], ...] = (
    (re.compile(r"^[-+]?[0-9]+$"), int),
    (re.compile(r"^(0o[0-7]+|0x[0-9a-fA-F]+)$"), lambda text: int(text, 0)),
    (re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"), float),
    (
        re.compile(r"^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$"),
        lambda text: float(text.replace(".", "", 1)),
    ),
)


def resolve(text: str) -> object:
    """Read a plain scalar by the YAML 1.2 core schema; what is nothing else is text."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= LONGEST_NUMBER:
        for form, number in _NUMBERS:
            if form.match(text):
                return number(text)
    return text


MAX_DEPTH = 8

QUOTED_ONLY = frozenset({"card", "fixed_card"})
"""Keys whose value must stand in quotes."""

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Unicode's categories Cc and Cs."""
TURNING = re.compile("[\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Lines and directions that are turned (Unicode UAX 9): what is shown is not what stands there."""


@dataclass(slots=True)
class Builder:
    """Values, lines and problems of one file, as its events come in."""

    path: Path
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def document(self, events: Iterator[Event]) -> object:
        """Build the one document of the stream."""
        root: object = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise fatal(
                        self.path, _line(event), "holds a second document (a line with `---`)"
                    )
                root = self._value(next(events), events, ())
        return root

    def _value(self, event: Event, events: Iterator[Event], key: KeyPath) -> object:
        self._judge(event, key)
        if isinstance(event, MappingStartEvent):
            return self._mapping(events, key)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(events, key)
        assert isinstance(event, ScalarEvent)  # noqa: S101 (aliases were refused just above)
        return self._scalar(event, key)

    def _judge(self, event: Event, key: KeyPath) -> None:
        line = _line(event)
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise fatal(
                self.path, line, "anchors (&name) and aliases (*name) are not accepted", key
            )
        tag = getattr(event, "tag", None)
        if tag and str(tag) not in {"!", "None"}:
            raise fatal(
                self.path,
                line,
                "tags (words that begin with !) are not accepted. Put a text that begins with ! "
                "in quotes",
                key,
            )
        if isinstance(event, MappingStartEvent | SequenceStartEvent) and len(key) >= MAX_DEPTH:
            raise fatal(self.path, line, f"is nested deeper than {MAX_DEPTH} levels")

    def _mapping(self, events: Iterator[Event], key: KeyPath) -> dict[str, object]:
        values: dict[str, object] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            self._judge(event, key)
            if not isinstance(event, ScalarEvent):
                raise fatal(self.path, _line(event), "a key must be plain text", key)
            name = str(event.value)
            here = (*key, name)
            if name in values:
                first = self.lines[here]
                self._add(_line(event), here, f"appears twice, first in line {first}")
                self._value(next(events), events, (*key, name, "again"))
                continue
            self.lines[here] = _line(event)
            values[name] = self._value(next(events), events, here)
        return values

    def _sequence(self, events: Iterator[Event], key: KeyPath) -> list[object]:
        values: list[object] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            here = (*key, len(values))
            self.lines[here] = _line(event)
            values.append(self._value(event, events, here))
        return values

    def _scalar(self, event: ScalarEvent, key: KeyPath) -> object:
        text = str(event.value)
        if CONTROL.search(text):
            self._add(_line(event), key, "must be one line of text without control characters")
            return ""
        if turning := TURNING.search(text):
            found = f"U+{ord(turning[0]):04X}"
            self._add(
                _line(event),
                key,
                f"holds the invisible character {found}, which reverses the text around it: "
                "a list or a page would show something else than is written here. Leave it out",
            )
            return ""
        if event.style:
            return text
        if key and key[-1] in QUOTED_ONLY and text:
            self._add(_line(event), key, _unquoted(text))
            return text
        return resolve(text)

    def _add(self, line: int, key: KeyPath, text: str) -> None:
        self.problems.append(Problem(self.path, line, key, text))


def _unquoted(card: str) -> str:
    """Return how a card number is to be written that stands without quotes."""
    if re.fullmatch(r"[0-9]+(\.0+|[.,]?[0-9]*[eE]\+?[0-9]+)", card):
        return (
            f"a spreadsheet has changed this card number to {card}: write it as it stands on the "
            'card, in quotes ("0012345")'
        )
    if not any(letter.isdigit() for letter in card):
        return (
            f'a card number must be in quotes: "{card}". Without them YAML takes some words for '
            "something else, as yes and null"
        )
    plain = card.strip("\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb")
    return (
        f'a card number must be in {"plain " if plain != card else ""}quotes: "{plain}". Without '
        "them YAML takes it for a number and drops its leading zeros"
    )


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0
