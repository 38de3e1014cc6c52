"""A staff file with one entry added, changed or removed; comments and all other entries stay.

The text is changed line by line and read again: where anything but the wanted entry would be
another than before, the file is refused instead of guessed at. Line ends and a byte order mark stay
as they are.

An entry is written as lines of YAML here too (`entry_lines`).
"""

from __future__ import annotations

import contextlib
import difflib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeverify.config.problems import ConfigProblemsError
from edgeverify.config.reading import YamlFile, read_yaml
from edgeverify.settings.people import DAY
from edgeverify.web.staff.place import ElsewhereError

PLAIN_KEY = re.compile(r"^[a-z_]+$")


def entry_lines(entry: Mapping[str, object], indent: int) -> list[str]:
    """Return the lines of one entry of the list; `indent` is that of its dash."""
    lines = [f"  {line}" for line in _mapping(entry)]
    lines[0] = f"- {lines[0][2:]}"
    return [" " * indent + line for line in lines]


def _mapping(values: Mapping[str, object]) -> Iterator[str]:
    for key, value in values.items():
        name = key if PLAIN_KEY.match(key) else json.dumps(key)
        if isinstance(value, Mapping):
            yield f"{name}:"
            yield from (f"  {line}" for line in _mapping(value))
        else:
            yield f"{name}: {_scalar(value)}"


def _scalar(value: object) -> str:
    """Return a value in YAML's flow style, which JSON is; days stay as people write them."""
    if isinstance(value, str) and DAY.match(value):
        return value
    return json.dumps(value, ensure_ascii=False)


INDENT = 2
_DASH = re.compile(r"^( *)-(\s|$)")
_KEY_ON_DASH = re.compile(r"^ *-[ \t]+")
_EMPTY_LIST = re.compile(r"^(staff\s*:)\s*(?:\[\s*\])?(\s*(?:#.*)?)$")
_HEAD = re.compile(r"^([\"']?staff[\"']?\s*:)(\s*(?:#.*)?)$")
_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be written; `diff` has one line for each that comes, goes, or stands around."""

    before: str
    after: str

    @property
    def diff(self) -> list[tuple[str, str]]:
        """Return (`+`, `-` or a blank, the line)."""
        changed = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), lineterm="", n=2
        )
        return [
            ("@", "") if line.startswith("@@") else (line[:1], line[1:])
            for line in list(changed)[2:]
        ]


@dataclass(frozen=True, slots=True, eq=False)
class StaffFile:
    """The file as it is now."""

    path: Path
    text: str
    entries: tuple[Mapping[str, Any], ...]
    starts: tuple[int, ...]
    """The line of each entry's dash, from 0."""
    keys: tuple[Mapping[str, int], ...]
    """The line of each key of an entry, from 0."""

    @classmethod
    def read(cls, path: Path) -> StaffFile:
        """Read it.

        Raises ConfigProblemsError, and ElsewhereError for a form of YAML that is not edited here.
        """
        found = read_yaml(path)
        text = found.content.decode()
        entries = _entries(found)
        lines = text.splitlines()
        starts = tuple(_dash(found, number, lines, path) for number in range(len(entries)))
        keys = tuple(
            {key: found.lines[("staff", number, key)] - 1 for key in entry}
            for number, entry in enumerate(entries)
        )
        return cls(path, text, entries, starts, keys)

    def number_of(self, card: str) -> int | None:
        """Return an entry's place by its card."""
        cards = [str(entry.get("card")) for entry in self.entries]
        return cards.index(card) if card in cards else None

    def with_entry(self, entry: Mapping[str, Any], number: int | None) -> Draft:
        """Put an entry in place of number `number`, or behind the last."""
        if number is not None:
            wanted = [*self.entries[:number], entry, *self.entries[number + 1 :]]
            with contextlib.suppress(ElsewhereError):
                return self._checked(self._with_keys(entry, number), wanted)
            lines = self._lines()
            first, end = self.starts[number], self._end(number, lines)
            lines[first:end] = self._ended(entry_lines(entry, _indent(lines[first])))
            return self._checked(lines, wanted)
        lines = self._lines()
        if self.entries:
            last = len(self.entries) - 1
            end = self._end(last, lines)
            lines[end:end] = self._ended(entry_lines(entry, _indent(lines[self.starts[last]])))
        else:
            self._begin(lines, entry)
        return self._checked(lines, [*self.entries, entry])

    def without(self, number: int) -> Draft:
        """Take an entry out."""
        lines = self._lines()
        wanted = [*self.entries[:number], *self.entries[number + 1 :]]
        first, end = self.starts[number], self._end(number, lines)
        del lines[first:end]
        if not wanted:
            at, head = _found(_HEAD, lines)
            if head is None:
                raise _not_edited(self.path)
            lines[at : at + 1] = self._ended([f"{head[1]} []{head[2]}"])
        return self._checked(lines, wanted)

    def _with_keys(self, entry: Mapping[str, Any], number: int) -> list[str]:
        """Return the lines with what differs in an entry, key by key: comments in it stay."""
        old, places = self.entries[number], self.keys[number]
        lines = self._lines()
        first, end = self.starts[number], self._end(number, lines)
        order = sorted(places, key=lambda key: places[key])
        if not order or len(set(places.values())) < len(order) or places[order[0]] != first:
            raise _not_edited(self.path)  # several keys on one line, or a dash on its own
        on_dash = _KEY_ON_DASH.match(lines[first])
        if on_dash is None or order[0] not in entry:
            raise _not_edited(self.path)
        indent = " " * on_dash.end()
        ends = [*(places[key] for key in order[1:]), end]
        behind = ends[-1]
        for key, until in reversed(list(zip(order, ends, strict=True))):
            at, stop = places[key], until
            while stop - 1 > at and _is_bare(lines[stop - 1]):
                stop -= 1
            if entry.get(key) == old[key]:
                continue
            written = [
                f"{indent}{line}" for line in _mapping({key: entry[key]} if key in entry else {})
            ]
            if at == first:
                written[0] = lines[first][: on_dash.end()] + written[0][len(indent) :]
            lines[at:stop] = self._ended(written)
            behind += len(written) - (stop - at)
        added = {key: value for key, value in entry.items() if key not in old}
        lines[behind:behind] = self._ended([f"{indent}{line}" for line in _mapping(added)])
        return lines

    def _lines(self) -> list[str]:
        """Return the lines with their ends, the last one's too; a byte order mark is kept apart."""
        lines = self.text.removeprefix(_MARK).splitlines(keepends=True)
        if lines and lines[-1].splitlines() == [lines[-1]]:
            lines[-1] += self._line_end()
        return lines

    def _line_end(self) -> str:
        lines = self.text.splitlines(keepends=True)
        return (lines and lines[0][len(lines[0].splitlines()[0]) :]) or "\n"

    def _ended(self, lines: list[str]) -> list[str]:
        return [f"{line}{self._line_end()}" for line in lines]

    def _begin(self, lines: list[str], entry: Mapping[str, Any]) -> None:
        """Write the first entry into an empty list, or a file without one."""
        written = self._ended(entry_lines(entry, INDENT))
        at, head = _found(_EMPTY_LIST, lines)
        if head is not None:
            lines[at : at + 1] = [*self._ended([f"{head[1]}{head[2]}"]), *written]
        elif all(_is_bare(line) for line in lines):
            lines += [*self._ended(["staff:"]), *written]
        else:
            raise _not_edited(self.path)

    def _end(self, number: int, lines: list[str]) -> int:
        """Return the line behind an entry; comments above the next one belong to that one."""
        is_last = number + 1 == len(self.starts)
        end = len(lines) if is_last else self.starts[number + 1]
        while end - 1 > self.starts[number] and _is_bare(lines[end - 1]):
            end -= 1
        return end

    def _checked(self, lines: list[str], wanted: list[Mapping[str, Any]]) -> Draft:
        after = _MARK * self.text.startswith(_MARK) + "".join(lines)
        with tempfile.TemporaryDirectory(prefix="edgeverify-") as folder:
            trial = Path(folder) / self.path.name
            trial.write_bytes(after.encode())
            try:
                found = read_yaml(trial)
            except ConfigProblemsError:  # such as a line `...`, behind which nothing may stand
                raise _not_edited(self.path) from None
        if [dict(one) for one in _entries(found)] != [dict(one) for one in wanted]:
            raise _not_edited(self.path)
        return Draft(self.text, after)


def _entries(found: YamlFile) -> tuple[Mapping[str, Any], ...]:
    root = found.root if found.root is not None else {}
    if not isinstance(root, dict) or set(root) - {"staff"}:
        raise _not_edited(found.path)
    entries = root.get("staff") or []
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise _not_edited(found.path)
    return tuple(entries)


def _dash(found: YamlFile, number: int, lines: list[str], path: Path) -> int:
    """Return the line of an entry's dash: that of its first key, or one above."""
    line = found.lines[("staff", number)] - 1
    while line >= 0:
        if _DASH.match(lines[line]):
            return line
        line -= 1
    raise _not_edited(path)


def _found(pattern: re.Pattern[str], lines: list[str]) -> tuple[int, re.Match[str] | None]:
    """Return the first line that fits, and how."""
    for at, line in enumerate(lines):
        if match := pattern.match(line.rstrip("\r\n")):
            return at, match
    return 0, None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_bare(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _not_edited(path: Path) -> ElsewhereError:
    return ElsewhereError(
        f"{path.name} is written in a form that the page does not edit",
        advice="Write each person as a list entry of its own lines, beginning with `- card:`; or "
        "change the file by hand.",
    )
