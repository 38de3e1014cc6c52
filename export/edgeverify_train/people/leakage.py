"""People of an evaluation who are in the training folder too: every figure on them is void."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from edgeverify.errors import ConfigError


def listed_people(path: Path) -> frozenset[str]:
    """Read whom a list names: LFW's pairs or people format, one name a line, or a folder of people.

    A folder gives the names of its sub-folders. ConfigError where nobody is named.
    """
    if path.is_dir():
        names = {each.name for each in path.iterdir() if each.is_dir()}
    else:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"the evaluation list {path} cannot be read: {error}",
                advice="Give a text file: a pair list in LFW's format, or one name a line.",
            ) from None
        names = {name for line in lines for name in _names(line)}
    if not names:
        raise ConfigError(
            f"the evaluation list {path} names nobody",
            advice="Give a pair list in LFW's format, or one name a line.",
        )
    return frozenset(names)


def shared_people(people: Iterable[str], lists: Sequence[Path]) -> dict[Path, tuple[str, ...]]:
    """Return, for each list that shares somebody with `people`, who it is, sorted."""
    own = frozenset(people)
    shared = {path: tuple(sorted(own & listed_people(path))) for path in lists}
    return {path: names for path, names in shared.items() if names}


def _names(line: str) -> tuple[str, ...]:
    words = line.split("\t") if "\t" in line else line.split()
    words = [word.strip() for word in words if word.strip()]
    if not words or words[0].startswith("#") or all(word.isdecimal() for word in words):
        return ()
    return tuple(word for word in words if not word.isdecimal())
