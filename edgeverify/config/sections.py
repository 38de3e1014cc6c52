"""A YAML mapping to a frozen `Section`: every mistake with its key and the line it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias, TypeVar, get_origin

from pydantic import ValidationError

from edgeverify.config.explaining import explain, section_of
from edgeverify.config.problems import ConfigProblemsError, KeyPath, Problem
from edgeverify.config.reading import YamlFile
from edgeverify.settings import Section

S = TypeVar("S", bound=Section)
MOST_EXPLAINED = 500
Lines: TypeAlias = Mapping[KeyPath, tuple[Path, int]]
"""Where each key was written: file and line."""


def mapping_of(file: YamlFile, example: str = "door: front-door") -> dict[str, object]:
    """Return the keys that a file holds; ConfigProblemsError where it holds something else."""
    if file.root is None:
        return {}
    if not isinstance(file.root, dict):
        problem = Problem(file.path, 1, (), f"must hold keys (`{example}`), not a list or text")
        raise ConfigProblemsError([problem])
    return dict(file.root)


def validated(
    values: Mapping[str, object],
    lines: Lines,
    path: Path,
    problems: list[Problem],
    kind: type[S],
) -> S | None:
    """Build the section; None, and more in `problems`, where it does not hold."""
    quoted = {problem.key for problem in problems}
    twice = any("appears twice" in problem.text for problem in problems)
    try:
        return kind.model_validate(_without_empty_sections(values, kind))
    except ValidationError as failure:
        found = failure.errors(include_url=False)
        # A list whose only entry is refused counts as empty too: the entry is what is wrong.
        entries = {error["loc"][:-1] for error in found}
        for number, error in enumerate(found):
            key = tuple(error["loc"])
            if error["type"] == "too_short" and key in entries:
                continue
            # What a key may have meant takes a search: of 20,000 unknown keys it took over 20 s.
            is_searched = number < MOST_EXPLAINED or error["type"] != "extra_forbidden"
            text = explain(error, kind) if is_searched else "unknown key"
            if key in quoted or (twice and not key):
                continue  # said already, with its line
            problems.append(Problem(*place(key, lines, path), key, text))
    return None


def place(key: KeyPath, lines: Lines, path: Path) -> tuple[Path, int]:
    """Find the key, or the nearest above it that was written; the file's line 0 without one."""
    for length in range(len(key), 0, -1):
        if key[:length] in lines:
            return lines[key[:length]]
    return path, 0


def _without_empty_sections(
    values: Mapping[str, object], section: type[Section]
) -> dict[str, object]:
    """Drop sections whose keys are all commented out: they say nothing, so defaults hold."""
    kept: dict[str, object] = {}
    for name, value in values.items():
        field = section.model_fields.get(name)
        inner = section_of(field.annotation) if field else None
        if inner is not None and value is None:
            continue
        is_list = field is not None and get_origin(field.annotation) is tuple
        if inner is not None and not is_list and isinstance(value, dict):
            kept[name] = _without_empty_sections(value, inner)
        else:
            kept[name] = value
    return kept
