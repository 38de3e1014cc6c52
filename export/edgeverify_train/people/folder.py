"""A folder of people: one sub-folder each, with their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeverify_export.parity.faces import IMAGE_SUFFIXES, spread

from edgeverify.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Person:
    """A person's folder name and pictures, sorted by name."""

    name: str
    pictures: tuple[Path, ...]


def people_in(
    folder: Path, *, min_pictures: int = 1, max_pictures: int = 0
) -> tuple[tuple[Person, ...], int]:
    """Read the people of a folder, sorted by name, and how many had too few pictures.

    `max_pictures` of 0 takes all of them, else that number, evenly over the folder. ConfigError
    where nobody is there.
    """
    if not folder.is_dir():
        raise ConfigError(
            f"the folder {folder} does not exist",
            advice="Give the folder that `edgeverify-train align` made.",
        )
    found = [
        Person(each.name, _pictures(each, max_pictures))
        for each in sorted(folder.iterdir())
        if each.is_dir() and not each.name.startswith(".")
    ]
    enough = tuple(one for one in found if len(one.pictures) >= max(1, min_pictures))
    if not enough:
        raise ConfigError(
            f"{folder} holds nobody with {max(1, min_pictures)} or more pictures",
            advice="It needs one folder for each person, with pictures in it.",
        )
    return enough, len(found) - len(enough)


def pictures_below(folder: Path) -> tuple[Path, ...]:
    """List every picture below a folder, sorted: faces of nobody in particular."""
    if not folder.is_dir():
        raise ConfigError(
            f"the folder {folder} does not exist", advice="Give a folder with pictures."
        )
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES)
    if not found:
        raise ConfigError(f"there is no picture below {folder}", advice="Give a folder with some.")
    return tuple(found)


def _pictures(folder: Path, limit: int) -> tuple[Path, ...]:
    found: Sequence[Path] = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES
    )
    return tuple(spread(found, limit) if limit else found)
