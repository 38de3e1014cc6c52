"""A staff file with one entry added, changed or removed; comments and all other entries stay.

The text is changed line by line and read again: where anything but the wanted entry would be
another than before, the file is refused instead of guessed at.

An entry is written as lines of YAML here too (`entry_lines`).
"""

from __future__ import annotations

import difflib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
_EMPTY_LIST = re.compile(r"^staff:\s*(\[\s*\])?\s*(#.*)?$")


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

    @classmethod
    def read(cls, path: Path) -> StaffFile:
        """Read it.

        Raises ConfigProblemsError, and ElsewhereError for a form of YAML that is not edited here.
        """
        found = read_yaml(path)
        text = found.content.decode("utf-8-sig").replace("\r\n", "\n")
        entries = _entries(found)
        lines = text.splitlines()
        starts = tuple(_dash(found, number, lines, path) for number in range(len(entries)))
        return cls(path, text, entries, starts)

    def number_of(self, card: str) -> int | None:
        """Return an entry's place by its card."""
        cards = [str(entry.get("card")) for entry in self.entries]
        return cards.index(card) if card in cards else None

    def with_entry(self, entry: Mapping[str, Any], number: int | None) -> Draft:
        """Put an entry in place of number `number`, or behind the last."""
        lines = self.text.splitlines()
        if number is not None:
            first, end = self.starts[number], self._end(number, lines)
            indent = len(lines[first]) - len(lines[first].lstrip())
            lines[first:end] = entry_lines(entry, indent)
            wanted = [*self.entries[:number], entry, *self.entries[number + 1 :]]
        elif self.entries:
            last = len(self.entries) - 1
            indent = len(lines[self.starts[last]]) - len(lines[self.starts[last]].lstrip())
            end = self._end(last, lines)
            lines[end:end] = entry_lines(entry, indent)
            wanted = [*self.entries, entry]
        else:
            lines = _begun(lines, entry, self.path)
            wanted = [entry]
        return self._checked(lines, wanted)

    def without(self, number: int) -> Draft:
        """Take an entry out."""
        lines = self.text.splitlines()
        wanted = [*self.entries[:number], *self.entries[number + 1 :]]
        first, end = self.starts[number], self._end(number, lines)
        del lines[first:end]
        if not wanted:
            at = next(i for i, line in enumerate(lines) if line.startswith("staff:"))
            lines[at] = "staff: []"
        return self._checked(lines, wanted)

    def _end(self, number: int, lines: list[str]) -> int:
        """Return the line behind an entry; comments above the next one belong to that one."""
        is_last = number + 1 == len(self.starts)
        end = len(lines) if is_last else self.starts[number + 1]
        while end - 1 > self.starts[number] and _is_bare(lines[end - 1]):
            end -= 1
        return end

    def _checked(self, lines: list[str], wanted: list[Mapping[str, Any]]) -> Draft:
        after = "\n".join(lines) + "\n"
        with tempfile.TemporaryDirectory(prefix="edgeverify-") as folder:
            trial = Path(folder) / self.path.name
            trial.write_text(after, encoding="utf-8")
            found = read_yaml(trial)
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


def _begun(lines: list[str], entry: Mapping[str, Any], path: Path) -> list[str]:
    at = next((i for i, line in enumerate(lines) if _EMPTY_LIST.match(line)), None)
    if at is None:
        if any(not _is_bare(line) for line in lines):
            raise _not_edited(path)
        return [*lines, "staff:", *entry_lines(entry, INDENT)]
    return [*lines[:at], "staff:", *entry_lines(entry, INDENT), *lines[at + 1 :]]


def _is_bare(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _not_edited(path: Path) -> ElsewhereError:
    return ElsewhereError(
        f"{path.name} is written in a form that the page does not edit",
        advice="Write each person as a list entry of its own lines, beginning with `- card:`; or "
        "change the file by hand.",
    )
