"""People of an evaluation in a training folder: by name, by picture, and by face.

Names and bytes are compared here. Faces were, where `check-data --against FOLDER` looked: its
check.json beside the folder is read, and refused by as well.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from shlex import quote

from edgeverify_export.parity.faces import MOST_BYTES
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgeverify.atomic_file import read_plain
from edgeverify.errors import ConfigError
from edgeverify.how_many import how_many
from edgeverify_train.people import Person, named, pictures_below, shared_people
from edgeverify_train.recipe import DataSettings

CHECK = "check.json"


class FaceThere(BaseModel):
    """Somebody who looks like somebody of an evaluation: their nearest pictures."""

    model_config = ConfigDict(frozen=True)
    own: Path
    theirs: Path
    score: float


class Compared(BaseModel):
    """With what a folder was compared: by how many faces, None where a list has no pictures."""

    model_config = ConfigDict(frozen=True)
    own_faces: int
    their_faces: int | None


class Check(BaseModel):
    """What of a `check.json` a training goes by."""

    model_config = ConfigDict(frozen=True)
    pictures_sha256: str = ""
    compared: Mapping[str, Compared] = Field(default={})
    leaked_people: Mapping[str, tuple[str, ...]]
    leaked_pictures: Mapping[str, tuple[Path, ...]]
    leaked_faces: Mapping[str, tuple[FaceThere, ...]]


def check_of(folder: Path) -> Path:
    """Return where `check-data` writes its check of a folder, unless told otherwise."""
    return folder.with_name(f"{folder.name}-check") / CHECK


def digest_of(pictures: Sequence[Path], folder: Path) -> str:
    """Hash the names of pictures below a folder, hex."""
    names = "\n".join(str(path.relative_to(folder)) for path in pictures)
    return hashlib.sha256(names.encode("utf-8", "surrogateescape")).hexdigest()


def shared_pictures(
    people: Sequence[Person], lists: Sequence[Path]
) -> dict[Path, tuple[Path, ...]]:
    """Find pictures of the people, byte for byte, in the lists that are folders."""
    folders = [each for each in lists if each.is_dir()]
    if not folders:
        return {}
    own = _digests(path for one in people for path in one.pictures)
    found = {}
    for folder in folders:
        theirs = _digests(pictures_below(folder))
        shared = tuple(sorted(path for digest, path in own.items() if digest in theirs))
        if shared:
            found[folder] = shared
    return found


def require_apart(
    folder: Path, people: Sequence[Person], lists: Sequence[Path], data: DataSettings
) -> tuple[str, ...]:
    """Refuse, by ConfigError, people of the evaluations; return what was compared, in words.

    `lists` are evaluations; those that a check of the folder was made against count as well.
    """
    place = Path(data.check) if data.check else check_of(folder)
    check = _read(place) if data.check or place.is_file() else None
    if data.allow_shared_people:
        return ("people of an evaluation may be among those trained on: its figures are void",)
    shared = shared_people((one.name for one in people), lists)
    found = [f"{len(names)} of {path}: {named(names)}" for path, names in shared.items()]
    found += [
        f"{how_many(len(paths), 'picture')} of {path}: {named([_place(one) for one in paths])}"
        for path, paths in shared_pictures(people, lists).items()
    ]
    found += _checked(check, people, shared, data)
    if found:
        judged = " Where a face was taken for another's, and you have looked at worst.png: --set "
        raise ConfigError(
            f"the training folder has people of an evaluation ({'; '.join(found)})",
            advice="Figures on people who were trained on say nothing. Take their folders away, or "
            "accept that with --set data.allow_shared_people=true."
            + (f"{judged}data.not_leaked=[NAME]." if check and any(check.leaked_faces) else ""),
        )
    return tuple(_compared(folder, lists, check, place))


def _read(path: Path) -> Check:
    try:
        return Check.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise ConfigError(
            f"{path} is not what `edgeverify-train check-data` writes",
            advice="Run it again, or take the file away.",
        ) from None


def _checked(
    check: Check | None,
    people: Sequence[Person],
    shared: Mapping[Path, tuple[str, ...]],
    data: DataSettings,
) -> Iterator[str]:
    """Yield what a check found that is still there, and was neither found here nor judged."""
    if check is None:
        return
    here = {one.name for one in people}
    pictures = {path.absolute() for one in people for path in one.pictures}
    for listed, names in check.leaked_people.items():
        left = sorted(here & set(names)) if Path(listed) not in shared else []
        if left:
            yield f"{len(left)} of {listed}: {named(left)}"
    for listed, paths in check.leaked_pictures.items():
        still = [_place(path) for path in paths if path.absolute() in pictures]
        if still:
            yield f"{how_many(len(still), 'picture')} of {listed}: {named(still)}"
    for listed, faces in check.leaked_faces.items():
        alike = [
            f"{_place(one.own)} like {_place(one.theirs)} ({one.score:.3f})"
            for one in faces
            if one.own.absolute() in pictures and one.own.parent.name not in data.not_leaked
        ]
        if alike:
            yield f"{len(alike)} by the face, of {listed}: {named(alike)}"


def _compared(
    folder: Path, lists: Sequence[Path], check: Check | None, place: Path
) -> Iterator[str]:
    """Yield, for each evaluation, how it was compared, and what was not."""
    made = check.compared if check else {}
    for path in {**dict.fromkeys(map(str, lists)), **dict.fromkeys(made)}:
        how = ["name"] if Path(path) in lists or path in made else []
        if Path(path).is_dir():
            how.append("picture")
        faces = made.get(path)
        if faces is not None and faces.their_faces is not None:
            how.append(f"face ({faces.own_faces:,} with {faces.their_faces:,}, in {place})")
        words = f"nobody of {path} is among the people, compared by {', '.join(how)}"
        if faces is None or faces.their_faces is None:
            words += (
                "; faces were not compared: edgeverify-train check-data "
                f"{quote(str(folder))} --against FOLDER of its pictures does"
            )
        yield words
    if check and check.pictures_sha256 != digest_of(pictures_below(folder), folder):
        yield f"{place} was made of other pictures than are here now: run check-data again"


def _place(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _digests(paths: Iterable[Path]) -> dict[str, Path]:
    """Return readable files by what is in them; others are nobody's picture."""
    found = {}
    for path in paths:
        with contextlib.suppress(OSError):
            found[hashlib.sha256(read_plain(path, MOST_BYTES)).hexdigest()] = path
    return found
