"""A YAML file to plain values with their lines, by the rules of YAML 1.2 and nothing clever.

The parser gives events, and each is judged before anything is built from it: no anchors, aliases
or tags, depth at most 8, no key twice, plain scalars by the core schema of YAML 1.2.2 (chapter
10.3.2). So `off`, `no` and `17:30` are text, and `1e-4` is a number.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from edgeverify.config.problems import ConfigProblemsError, KeyPath, Problem

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 8

QUOTED_ONLY = frozenset({"card", "fixed_card"})
"""Keys whose value must stand in quotes."""

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


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What a file says: plain dicts, lists and scalars (`root`), where, and what is wrong.

    `lines` has the line of every key and list entry. `problems` are those that did not keep the
    rest from being read.
    """

    path: Path
    root: object
    lines: dict[KeyPath, int]
    content: bytes
    problems: tuple[Problem, ...]


def read_yaml(path: Path) -> YamlFile:
    """Read and judge one file. Raises ConfigProblemsError when it cannot be read as YAML."""
    content = _read_bytes(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _fatal(path, line, "is not UTF-8 text: save it with that encoding") from None
    builder = _Builder(path)
    try:
        root = builder.document(iter(YAML(typ="safe", pure=True).parse(text)))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _fatal(
            path, mark.line + 1 if mark else 0, f"is not YAML: {error.problem or error.context}"
        ) from None
    except YAMLError as error:
        said = str(error).splitlines()[0]
        raise _fatal(path, 0, f"is not YAML: {said}") from None
    return YamlFile(path, root, builder.lines, content, tuple(builder.problems))


def _read_bytes(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _fatal(path, 0, "is not a plain file")
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _fatal(path, 0, f"cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise _fatal(path, 0, f"is larger than {MAX_BYTES // 1024 // 1024} MiB")
    return content


def _fatal(path: Path, line: int, text: str, key: KeyPath = ()) -> ConfigProblemsError:
    return ConfigProblemsError([Problem(path, line, key, text)])


@dataclass(slots=True)
class _Builder:
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
                    raise _fatal(
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
            raise _fatal(
                self.path, line, "anchors (&name) and aliases (*name) are not accepted", key
            )
        tag = getattr(event, "tag", None)
        if tag and str(tag) not in {"!", "None"}:
            raise _fatal(self.path, line, f"tags are not accepted: {tag}", key)
        if isinstance(event, MappingStartEvent | SequenceStartEvent) and len(key) >= MAX_DEPTH:
            raise _fatal(self.path, line, f"is nested deeper than {MAX_DEPTH} levels")

    def _mapping(self, events: Iterator[Event], key: KeyPath) -> dict[str, object]:
        values: dict[str, object] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            self._judge(event, key)
            if not isinstance(event, ScalarEvent):
                raise _fatal(self.path, _line(event), "a key must be plain text", key)
            name = str(event.value)
            here = (*key, name)
            if name in values:
                first = self.lines[here]
                self._add(_line(event), here, f"stands twice, first in line {first}")
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
        if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text):
            self._add(_line(event), key, "must be one line of text without control characters")
            return ""
        if event.style is not None:
            return text
        if key and key[-1] in QUOTED_ONLY and text:
            self._add(
                _line(event),
                key,
                f'a card number must stand in quotes: "{text}". Without them YAML takes it for a '
                "number and drops its leading zeros",
            )
            return text
        return _resolve(text)

    def _add(self, line: int, key: KeyPath, text: str) -> None:
        self.problems.append(Problem(self.path, line, key, text))


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1


def _resolve(text: str) -> object:
    """Read a plain scalar by the YAML 1.2 core schema; what is nothing else is text."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= LONGEST_NUMBER:
        for form, number in _NUMBERS:
            if form.match(text):
                return number(text)
    return text
