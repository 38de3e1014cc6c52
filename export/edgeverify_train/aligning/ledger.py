"""What became of each photo, one row per photo, so that an interrupted alignment is taken up again.

And which photos a folder holds, and what each one's chip is called.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from edgeverify.errors import ConfigError
from edgeverify.folder_listing import files_of_people
from edgeverify.table_rows import csv_row

CHIP_SUFFIX = ".png"
"""Without loss: a chip is read in every epoch of every training."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo, its place below the folder that was given, and its chip's place below the other.

    `chip` is PERSON/NAME.png, whatever depth the photo lies at below its person.
    """

    path: Path
    place: str
    chip: str


def photos_in(folder: Path, *, unlabelled: bool = False) -> tuple[Photo, ...]:
    """List every file of a folder per person that is not hidden, in order of its place.

    With `unlabelled` the folder holds faces of nobody in particular, at any depth. ConfigError
    where there is nothing, where a file is in nobody's folder, or where it cannot be read.
    """
    if not folder.is_dir():
        raise ConfigError(f"no such folder: {folder}", advice="Give a folder per person in it.")
    try:
        found = files_of_people(folder)
    except OSError as error:
        raise ConfigError(f"{error.filename} cannot be read: {error.strerror}") from None
    places = [path.relative_to(folder) for path in (*found.files, *found.links)]
    if not places:
        raise ConfigError(f"{folder} holds no file", advice="Give a folder per person in it.")
    stray = [place for place in places if len(place.parts) == 1]
    if stray and not unlabelled:
        raise ConfigError(
            f"{folder / stray[0]} is in nobody's folder, as are {len(stray) - 1} more"
            if len(stray) > 1
            else f"{folder / stray[0]} is in nobody's folder",
            advice="Put each person's photos into a folder of their own, or give --unlabelled "
            "where nobody need be told apart.",
        )
    return _named(folder, places)


def _named(folder: Path, places: Sequence[Path]) -> tuple[Photo, ...]:
    taken: set[str] = set()
    photos = []
    for place in sorted(places):
        parent, words = place.parts[:-1][:1], [*place.parts[1:-1], place.stem]
        if len(place.parts) == 1:
            words = [place.stem]
        name = "_".join(words)
        chip = _spelt("/".join((*parent, name + CHIP_SUFFIX)))
        # Two photos of one name and two kinds: a.jpg and a.png; or a/b.jpg and a_b.jpg.
        name = "_".join([*words[:-1], place.name])
        while chip.casefold() in taken:
            chip, name = _spelt("/".join((*parent, name + CHIP_SUFFIX))), f"{name}_"
        taken.add(chip.casefold())
        photos.append(Photo(path=folder / place, place=place.as_posix(), chip=chip))
    return tuple(photos)


def _spelt(name: str) -> str:
    """Spell out the bytes that are no UTF-8: chips are named in files that must be."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


LEDGER = "aligned.csv"
_COLUMNS = ("photo", "bytes", "changed", "chip", "eye_distance", "problem")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One photo: its size in bytes and time of change (ns) when it was looked at.

    Either `chip` is the place of its chip and `eye_distance` the pixels between the eyes in the
    photo, or `problem` says why there is none.
    """

    photo: str
    bytes: int
    changed: int
    chip: str = ""
    eye_distance: float = 0.0
    problem: str = ""

    def is_of(self, path: Path) -> bool:
        """Return whether the photo is still the one that was looked at; not, where it has gone."""
        try:
            found = path.stat()
        except OSError:
            return False
        return (found.st_size, found.st_mtime_ns) == (self.bytes, self.changed)


def read_ledger(folder: Path) -> dict[str, Row]:
    """Return the last row of each photo; empty where the folder has no ledger. ConfigError."""
    path = folder / LEDGER
    if not path.is_file():
        return {}
    try:
        whole = path.read_bytes()[: _whole_rows(path)].decode("utf-8", "surrogateescape")
        rows = [_row(each) for each in csv.DictReader(io.StringIO(whole, newline=""))]
    except (ValueError, TypeError, KeyError, csv.Error):
        raise ConfigError(
            f"{path} is not what `align` writes", advice="Give a new folder with -o."
        ) from None
    return {row.photo: row for row in rows}


def failed(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return the rows without a chip, in order of their photos."""
    return tuple(sorted((row for row in rows if row.problem), key=lambda row: row.photo))


class Ledger:
    """The file while it is written: a row is on its way to the disk as soon as it is known."""

    def __init__(self, folder: Path) -> None:
        path = folder / LEDGER
        is_new = not path.exists()
        if not is_new:
            os.truncate(path, _whole_rows(path))
        self._stream = path.open("a", encoding="utf-8", errors="surrogateescape", newline="")
        path.chmod(0o600)
        if is_new:
            self._write(_COLUMNS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stream.close()

    def put(self, row: Row) -> None:
        """Write a row."""
        self._write(
            (row.photo, row.bytes, row.changed, row.chip, f"{row.eye_distance:.1f}", row.problem)
        )
        self._stream.flush()

    def _write(self, cells: Iterable[object]) -> None:
        self._stream.write(f"{csv_row(cells)}\n")


def _whole_rows(path: Path) -> int:
    """Return the bytes of the rows that were written whole: the last may be half a one."""
    return path.read_bytes().rfind(b"\n") + 1


def _row(values: dict[str, str]) -> Row:
    return Row(
        photo=values["photo"],
        bytes=int(values["bytes"]),
        changed=int(values["changed"]),
        chip=values["chip"],
        eye_distance=float(values["eye_distance"]),
        problem=values["problem"],
    )
