"""Files to `LoadedConfig`: read, merge the staff file, validate, and point at every mistake."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeverify.config.problems import ConfigProblemsError, KeyPath, Problem, fatal, keys_named
from edgeverify.config.reading import YamlFile, read_yaml
from edgeverify.config.sections import Lines, mapping_of, place, validated
from edgeverify.config.time_zones import system_time_zone, without_zone
from edgeverify.settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class LoadedConfig:
    """A config that holds, and where everything stands in it.

    `folder` is what relative paths in it start from. `digest` (hex SHA-256) changes when a byte
    of the config or its staff file does. `lines` has file and line of every key that was written.
    """

    settings: Settings
    path: Path
    folder: Path
    digest: str
    lines: Lines

    @property
    def files(self) -> tuple[Path, ...]:
        """The files it was read from: what a reload must watch."""
        staff = self.settings.staff_file
        return (self.path, self.folder / staff) if staff else (self.path,)

    def problem(self, key: KeyPath, text: str) -> Problem:
        """Make a problem that points at `key`, or at the nearest key above it that was written.

        Where the text begins with a key below `key`, it points at that one.
        """
        key = next((each for each in keys_named(text) if each[: len(key)] == key), key)
        file, line = place(key, self.lines, self.path)
        return Problem(file, line, key, text)


def load_config(
    path: Path, kind: type[Settings] = Settings, *, staff_from: Path | None = None
) -> LoadedConfig:
    """Read a door's config and the staff file it names, as `kind` of settings.

    `staff_from` stands in for the staff file that is named, to try a change to it.

    Raises ConfigProblemsError with every mistake that can be told at once; nothing is used of a
    config that has one. `path` is kept as given, for messages.
    """
    main = read_yaml(path)
    problems = [*main.problems, *(_nothing_in(main) or _no_setting_in(main))]
    lines = {key: (path, line) for key, line in main.lines.items()}
    values = mapping_of(main)
    digest = hashlib.sha256(hashlib.sha256(main.content).digest())
    if isinstance(values.get("model"), str):
        values["model"] = {"bundle": values["model"]}  # `model: mobilefacenet`, the short form
    if isinstance(values.get("evidence"), str):
        values["evidence"] = {"keep": values["evidence"]}  # `evidence: denied`, likewise
    staff_file = values.get("staff_file")
    if isinstance(staff_file, str) and staff_file:
        staff = _read_staff(staff_from or path.parent / staff_file, main.lines, path)
        digest.update(hashlib.sha256(staff.content).digest())
        problems += [*staff.problems, *_nothing_in(staff)]
        problems += _append_staff(values, lines, staff)
    problems += _cards_twice(values, lines, path)
    settings = validated(values, lines, path, problems, kind)
    if settings is not None:
        problems += _hours_of_nowhere(settings, lines, path)
    if problems or settings is None:
        raise ConfigProblemsError(problems)
    return LoadedConfig(settings, path, path.parent.absolute(), digest.hexdigest(), lines)


def _read_staff(file: Path, lines: Mapping[KeyPath, int], config: Path) -> YamlFile:
    """Read a staff file; one that cannot be read is a mistake of the line that names it."""
    try:
        return read_yaml(file)
    except ConfigProblemsError as error:
        first = error.problems[0]
        if first.line:
            raise
        key = ("staff_file",)
        raise fatal(config, lines[key], f"{first.file}: {first.text}", key) from error


def _nothing_in(file: YamlFile) -> list[Problem]:
    """Refuse a file that a full disk or an editor left empty: it would remove everybody."""
    if file.content.decode("utf-8-sig", "replace").strip():
        return []
    return [Problem(file.path, 1, (), "is empty")]


def _no_setting_in(file: YamlFile) -> list[Problem]:
    """Refuse a file whose every line is a comment: a door of defaults is nobody's wish."""
    if file.problems or mapping_of(file):
        return []
    words = (
        "holds no setting, only comments or an empty section. Write at least `door:` (its name), "
        "`camera:` with `source:`, `mqtt:` with `host:`, and `staff:`"
    )
    return [Problem(file.path, 1, (), words)]


def _append_staff(
    values: dict[str, object], lines: dict[KeyPath, tuple[Path, int]], file: YamlFile
) -> list[Problem]:
    """Put the staff file's people behind those of the config itself."""
    root = mapping_of(file)
    problems = [
        Problem(file.path, file.lines[(key,)], (key,), "unknown key; a staff file holds `staff:`")
        for key in root
        if key != "staff"
    ]
    more = root.get("staff") or []
    own = values.get("staff") or []
    if not isinstance(more, list):
        line = file.lines[("staff",)]
        return [*problems, Problem(file.path, line, ("staff",), "must be a list of people")]
    if not isinstance(own, list):
        return problems
    values["staff"] = [*own, *more]
    for key, line in file.lines.items():
        if len(key) > 1 and isinstance(key[1], int):
            moved: KeyPath = ("staff", key[1] + len(own), *key[2:])
            lines[moved] = (file.path, line)
    return problems


def _cards_twice(values: Mapping[str, object], lines: Lines, path: Path) -> list[Problem]:
    people = values.get("staff")
    problems: list[Problem] = []
    first: dict[str, KeyPath] = {}
    for number, person in enumerate(people if isinstance(people, list) else ()):
        card = person.get("card") if isinstance(person, dict) else None
        if not isinstance(card, str):
            continue
        key: KeyPath = ("staff", number, "card")
        if card in first:
            file, line = place(first[card], lines, path)
            text = f'card "{card}" appears twice, first in {file}:{line}'
            problems.append(Problem(*place(key, lines, path), key, text))
        first.setdefault(card, key)
    return problems


def _hours_of_nowhere(settings: Settings, lines: Lines, path: Path) -> list[Problem]:
    """Name the first entry whose hours or dates could be read on any wall clock of the world."""
    numbers = without_zone(settings)
    if not numbers:
        return []
    key: KeyPath = ("staff", numbers[0], "hours")
    here = system_time_zone(os.environ)
    example = here or "Europe/London"
    whose = "this machine's" if here else "such as"
    more = f" ({len(numbers)} entries have none)" if len(numbers) > 1 else ""
    text = (
        f"hours and dates need a time zone{more}. Write `time_zone: {example}` ({whose}) at the "
        "top of the config for the whole door, or in the entry's `hours`"
    )
    return [Problem(*place(key, lines, path), key, text)]
