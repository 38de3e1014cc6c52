"""Which photos a folder holds, and what each one's chip is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeverify.errors import ConfigError
from edgeverify.folder_listing import files_below

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
    where there is nothing, where a file lies in nobody's folder, or where it cannot be read.
    """
    if not folder.is_dir():
        raise ConfigError(f"no such folder: {folder}", advice="Give a folder per person in it.")
    try:
        found = [path.relative_to(folder) for path in files_below(folder)]
    except OSError as error:
        raise ConfigError(f"{error.filename} cannot be read: {error.strerror}") from None
    places = [place for place in found if not any(part.startswith(".") for part in place.parts)]
    if not places:
        raise ConfigError(f"{folder} holds no file", advice="Give a folder per person in it.")
    stray = [place for place in places if len(place.parts) == 1]
    if stray and not unlabelled:
        raise ConfigError(
            f"{folder / stray[0]} lies in nobody's folder, as do {len(stray) - 1} more"
            if len(stray) > 1
            else f"{folder / stray[0]} lies in nobody's folder",
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
        chip = "/".join((*parent, name + CHIP_SUFFIX))
        # Two photos of one name and two kinds: a.jpg and a.png.
        if chip.casefold() in taken:
            chip = "/".join((*parent, "_".join([*words[:-1], place.name]) + CHIP_SUFFIX))
        taken.add(chip.casefold())
        photos.append(Photo(path=folder / place, place=place.as_posix(), chip=chip))
    return tuple(photos)
