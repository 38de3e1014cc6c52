"""The whole check of a folder: amount, hashes, faces, leakage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edgeverify.comparison import Metric
from edgeverify.errors import ConfigError
from edgeverify.evaluation.images.acquire import Problem, Progress
from edgeverify.evaluation.images.acquired import Acquired
from edgeverify.evaluation.images.material import passed_over
from edgeverify.evaluation.instrument import Instrument
from edgeverify_train import people as folders
from edgeverify_train.checking import findings
from edgeverify_train.checking import leaked_faces as by_face
from edgeverify_train.checking.looking import look_at_all
from edgeverify_train.leakage import digest_of, shared_pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Where the embedder calls two pictures one person: strictly, and at FMR 1e-3."""

    strict: float
    strict_fmr: float
    loose: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checked:
    """Everything that was found; numbers are places in `paths` and `names`."""

    amount: findings.Amount
    names: tuple[str, ...]
    paths: tuple[Path, ...]
    person: tuple[int, ...]
    few: Mapping[str, int]
    same_pictures: tuple[findings.SamePicture, ...]
    same_people: tuple[findings.SamePerson, ...]
    strangers: tuple[findings.Stranger, ...]
    unseen: tuple[Problem, ...]
    leaked: Mapping[Path, tuple[str, ...]]
    leaked_pictures: Mapping[Path, tuple[Path, ...]]
    """By each folder of an evaluation: pictures that lie in it too, under whatever name."""
    leaked_faces: Mapping[Path, tuple[by_face.LeakedFace, ...]]
    """By each folder of an evaluation: people who look like one of its people, by another name."""
    compared: Mapping[Path, by_face.FacesCompared | None]
    """By each evaluation: how its faces were compared; None where it has no pictures."""
    pictures_sha256: str
    """Of the pictures' names, to tell whether they are still those."""
    thresholds: Thresholds

    @property
    def must_mend(self) -> tuple[str, ...]:
        """Return what makes every figure on such a folder void, each as a few words."""
        across = [one for one in self.same_pictures if len(one.people) > 1]
        found = []
        if across:
            found.append(f"pictures under several people ({len(across)})")
        people = {name for names in self.leaked.values() for name in names}
        if people:
            found.append(f"people of an evaluation list ({len(people)})")
        pictures = {path for paths in self.leaked_pictures.values() for path in paths}
        if pictures:
            found.append(f"pictures of an evaluation folder ({len(pictures)})")
        return tuple(found)


class _Listed(NamedTuple):
    """A picture of the folder: its place among all, and the number of its person."""

    place: int
    person: int
    path: Path


def thresholds_of(instrument: Instrument) -> Thresholds:
    """Take them from the bundle's operating points; ConfigError where it has none."""
    bundle = instrument.verifier.bundle
    points = bundle.operating_points
    strict = None if points is None else points.strictest("single")
    loose = None if points is None else points.at_most(1e-3, "single")
    if strict is None or loose is None:
        raise ConfigError(
            f"the bundle {bundle.name} has no measured thresholds to judge by",
            advice="Take --bundle sface, or calibrate this one: edgeverify calibrate.",
        )
    return Thresholds(strict=strict.threshold, strict_fmr=strict.fmr, loose=loose.threshold)


def check_folder(
    folder: Path,
    instrument: Instrument,
    *,
    lists: Sequence[Path] = (),
    min_pictures: int = 2,
    cache: Path | None = None,
    progress: Progress,
) -> Checked:
    """Look at every picture of a folder per person. ConfigError where it holds nobody."""
    people, _ = folders.people_in(folder, min_pictures=1)
    thresholds = thresholds_of(instrument)
    pictures = [(number, path) for number, one in enumerate(people) for path in one.pictures]
    listed = [_Listed(place, number, path) for place, (number, path) in enumerate(pictures)]
    seen, problems = look_at_all(
        [one.path for one in listed],
        instrument,
        are_chips=folders.read_statement(folder) is not None,
        cache=cache,
        progress=progress,
    )
    read = [one for one in listed if one.path in seen]
    unseen = [
        Problem(path=one.path, problem=refusal.hint if refusal.gate is None else refusal.gate.value)
        for one in read
        if (refusal := seen[one.path].refusal) is not None
    ]
    embedded = [one for one in read if seen[one.path].values is not None]
    values = np.empty((0, 1), np.float32)
    if embedded:
        rows = (seen[one.path].values for one in embedded)
        values = np.stack([row for row in rows if row is not None])
    same_people, strangers = _look_alikes(embedded, values, instrument.metric, thresholds)
    leaked = folders.shared_people((one.name for one in people), lists)
    leaked_pictures = shared_pictures(people, lists)
    faces = by_face.leaked_by_folder(
        by_face.Faces(
            paths=tuple(one.path for one in embedded),
            people=tuple(people[one.person].name for one in embedded),
            values=values,
        ),
        lists,
        instrument,
        thresholds.strict,
        {each: _known(leaked.get(each, ()), leaked_pictures.get(each, ())) for each in lists},
        cache=cache,
        progress=progress,
    )
    return Checked(
        amount=findings.amount([len(one.pictures) for one in people]),
        names=tuple(one.name for one in people),
        paths=tuple(one.path for one in listed),
        person=tuple(one.person for one in listed),
        few={one.name: len(one.pictures) for one in people if len(one.pictures) < min_pictures},
        same_pictures=_same_pictures(read, seen),
        same_people=same_people,
        strangers=strangers,
        unseen=(*passed_over(folder), *problems, *unseen),
        leaked=leaked,
        leaked_pictures=leaked_pictures,
        leaked_faces={path: one.leaks for path, one in faces.items() if one.leaks},
        compared={path: faces.get(path) for path in lists},
        pictures_sha256=digest_of(folders.pictures_below(folder), folder),
        thresholds=thresholds,
    )


def _same_pictures(
    read: Sequence[_Listed], seen: Mapping[Path, Acquired]
) -> tuple[findings.SamePicture, ...]:
    """Return the pictures whose files are equal, by their places in the list."""
    alike = findings.same_pictures([seen[one.path].digest for one in read], _people_of(read))
    return tuple(
        replace(each, pictures=tuple(read[row].place for row in each.pictures)) for each in alike
    )


def _look_alikes(
    embedded: Sequence[_Listed], values: findings.Values, metric: Metric, thresholds: Thresholds
) -> tuple[tuple[findings.SamePerson, ...], tuple[findings.Stranger, ...]]:
    """Return who looks like one person, and whose picture like none, by places in the list.

    `values` float32 (n, d): the embedding of each of `embedded`.
    """
    if len(embedded) < 2:
        return (), ()
    person = _people_of(embedded)
    found = findings.neighbours(values, person, metric, thresholds.strict)
    place = [one.place for one in embedded]
    same = tuple(
        replace(one, first=place[one.first], second=place[one.second])
        for one in findings.same_people(found, person)
    )
    strange = tuple(
        replace(
            one,
            picture=place[one.picture],
            own=place[one.own],
            rather=None if one.rather is None else place[one.rather],
        )
        for one in findings.strangers(found, thresholds.loose)
    )
    return same, strange


def _people_of(listed: Sequence[_Listed]) -> findings.Numbers:
    return np.array([one.person for one in listed], dtype=np.int64)


def _known(names: Sequence[str], pictures: Sequence[Path]) -> Callable[[str], bool]:
    """Return whether a person was found already, by name or by a picture of theirs."""
    found = {*names, *(path.parent.name for path in pictures)}
    return found.__contains__
