"""Whose pictures a folder holds, who is held out, and who must not be trained on.

A folder of people has one sub-folder each, with their pictures. Who is held out is drawn once for a
run, and written down. Of people of an evaluation who are in the training folder too, every figure
is void.

A folder of aligned chips says so itself: `aligned.json` beside the people's folders.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from edgeverify_export.parity.faces import spread
from pydantic import Field, ValidationError

from edgeverify.atomic_file import write_whole
from edgeverify.enrolment.decoding import PICTURE_ENDINGS
from edgeverify.errors import ConfigError
from edgeverify.evaluation import aligned_chips
from edgeverify.feeding.statement import BundleModel
from edgeverify.feeding.template_kinds import Template
from edgeverify.folder_listing import Found, entries, files_of_people

STATEMENT = aligned_chips.STATEMENT


class AlignedStatement(BundleModel):
    """How every chip in the folder was cut.

    `alignment` is None where the release knows the template by name.
    """

    schema_version: Literal[1] = 1
    template: str = Field(min_length=1)
    template_version: int = Field(ge=1)
    alignment: Template | None = None
    size: int = Field(ge=16, le=1024)
    resize: Literal["area", "linear"] = "area"
    made_with: str = ""
    """The program and its version."""


def write_statement(folder: Path, statement: AlignedStatement) -> None:
    """Write `aligned.json` whole, or leave what was there."""
    write_whole(folder / STATEMENT, (statement.model_dump_json(indent=2) + "\n").encode())


def read_statement(folder: Path) -> AlignedStatement | None:
    """Read it; None where the folder has none. ConfigError where it is not one."""
    path = folder / STATEMENT
    if not path.is_file():
        return None
    try:
        return AlignedStatement.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{path} does not say how the chips were cut: {key}: {first['msg']}",
            advice="Align the photos again: edgeverify-train align.",
        ) from None


def listed_people(path: Path) -> frozenset[str]:
    """Read whom a list names: LFW's pairs or people format, a name per line, or a folder of people.

    A folder gives the names of its sub-folders. ConfigError where nobody is named.
    """
    if path.is_dir():
        names = {each.name for each in _listed(path) if each.is_dir()}
    else:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
            raise ConfigError(
                f"the evaluation list {path} cannot be read: {why}",
                advice="Give a text file: a pair list in LFW's format, or one name per line.",
            ) from None
        names = {name for line in lines for name in _names(line)}
    if not names:
        raise ConfigError(
            f"the evaluation list {path} names nobody",
            advice="Give a pair list in LFW's format, or one name per line.",
        )
    return frozenset(names)


def shared_people(people: Iterable[str], lists: Sequence[Path]) -> dict[Path, tuple[str, ...]]:
    """Return, for each list that shares somebody with `people`, who it is, sorted.

    A letter with a mark is the same letter whichever way a file system or an editor writes it.
    """
    own = {name: unicodedata.normalize("NFC", name) for name in people}
    shared = {}
    for path in lists:
        theirs = {unicodedata.normalize("NFC", name) for name in listed_people(path)}
        shared[path] = tuple(sorted(name for name, written in own.items() if written in theirs))
    return {path: names for path, names in shared.items() if names}


_NAMED = 8
"""People that a message names before it says how many more there are."""


def named(names: Sequence[str]) -> str:
    """List names, the first few where there are many."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _names(line: str) -> tuple[str, ...]:
    words = line.split("\t") if "\t" in line else line.split()
    words = [word.strip() for word in words if word.strip()]
    if not words or words[0].startswith("#") or all(word.isdecimal() for word in words):
        return ()
    names = tuple(word for word in words if not word.isdecimal())
    # One name a line may be several words; a pair has the numbers of its pictures.
    return names if len(names) < len(words) else (*names, line.strip())


@dataclass(frozen=True, slots=True)
class Person:
    """A person's folder name and pictures, sorted by name."""

    name: str
    pictures: tuple[Path, ...]


def people_in(
    folder: Path, *, min_pictures: int = 1, max_pictures: int = 0
) -> tuple[tuple[Person, ...], int]:
    """Read the people of a folder, sorted by name, and how many had too few pictures.

    A person's pictures may lie at any depth below their folder, which may be a link.

    `max_pictures` of 0 takes all of them, else that number, evenly over the folder. ConfigError
    where nobody is there, or where a name is not UTF-8: runs, pairs and lists name people.
    """
    if not folder.is_dir():
        raise ConfigError(
            f"the folder {folder} does not exist",
            advice="Give the folder that `edgeverify-train align` made.",
        )
    pictures: dict[str, list[Path]] = {
        each.name: [] for each in _listed(folder) if each.is_dir() and not each.name.startswith(".")
    }
    for path in files_of(folder).files:
        if path.parent != folder and path.suffix.lower() in PICTURE_ENDINGS:
            pictures.setdefault(path.relative_to(folder).parts[0], []).append(path)
    found = [
        Person(name, tuple(spread(each, max_pictures) if max_pictures else each))
        for name, each in sorted(pictures.items())
    ]
    _require_text(folder, found)
    enough = tuple(one for one in found if len(one.pictures) >= max(1, min_pictures))
    if not enough:
        raise ConfigError(
            f"{folder} holds nobody with {max(1, min_pictures)} or more pictures",
            advice="It needs one folder for each person, with pictures in it.",
        )
    return enough, len(found) - len(enough)


def _require_text(folder: Path, people: Sequence[Person]) -> None:
    paths = [each for one in people for each in (folder / one.name, *one.pictures)]
    for path in paths:
        name = str(path.relative_to(folder))
        if any("\ud800" <= letter <= "\udfff" for letter in name):
            raise ConfigError(
                f"{path} is not named in UTF-8",
                advice="Rename it (`convmv -r -f latin1 -t utf8 --notest DIR` renames a folder), "
                "or let `edgeverify-train align` make chips: it spells such names out.",
            )


def pictures_below(folder: Path) -> tuple[Path, ...]:
    """List every picture below a folder, sorted: faces of nobody in particular."""
    if not folder.is_dir():
        raise ConfigError(
            f"the folder {folder} does not exist", advice="Give a folder with pictures."
        )
    found = [path for path in files_of(folder).files if path.suffix.lower() in PICTURE_ENDINGS]
    if not found:
        raise ConfigError(f"there is no picture below {folder}", advice="Give a folder with some.")
    return tuple(found)


def files_of(folder: Path) -> Found:
    """List the files that both of the above go by, and the links that they do not follow."""
    try:
        return files_of_people(folder)
    except OSError as error:
        raise _unreadable(error) from None


def _listed(folder: Path) -> list[Path]:
    try:
        return entries(folder)
    except OSError as error:
        raise _unreadable(error) from None


def _unreadable(error: OSError) -> ConfigError:
    return ConfigError(
        f"the folder {error.filename} cannot be read: {error.strerror}",
        advice="Give this user the right to read and enter it (chmod u+rx).",
    )


class Split(BundleModel):
    """The names of a run's people; nobody stands on both sides."""

    schema_version: Literal[1] = 1
    trained: tuple[str, ...] = Field(strict=False)
    held_out: tuple[str, ...] = Field(strict=False)


def split(people: Sequence[Person], share: float, seed: int) -> Split:
    """Hold out `share` of the people, at least two who have two pictures, drawn by `seed`.

    ConfigError where that leaves fewer than two people on either side.
    """
    able = [one.name for one in people if len(one.pictures) >= 2]
    wanted = max(2, round(share * len(people)))
    if len(able) < 2 or len(people) - wanted < 2:
        raise ConfigError(
            f"too few people, {len(people)} ({len(able)} with two pictures): two must be held out, "
            "and two trained on",
            advice="Add people; a network that is to know strangers apart needs a thousand.",
        )
    drawn = np.random.default_rng((seed, 20)).permutation(len(able))[:wanted]
    held_out = {able[index] for index in drawn}
    return Split(
        trained=tuple(one.name for one in people if one.name not in held_out),
        held_out=tuple(sorted(held_out)),
    )


def write_split(path: Path, made: Split) -> None:
    """Write the run's `people.json`."""
    write_whole(path, (made.model_dump_json(indent=1) + "\n").encode())


def read_split(path: Path) -> Split:
    """Read a run's `people.json`; ConfigError where it is not one."""
    try:
        return Split.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ConfigError(
            f"{path} does not say who was trained on: {str(error).splitlines()[0]}",
            advice="Train again: without it nobody can be measured who was not trained on.",
        ) from None
