"""The whole check of a folder: amount, hashes, faces, leakage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeverify.errors import ConfigError
from edgeverify.evaluation.images.acquire import Problem, Progress
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
    listed = [(number, path) for number, one in enumerate(people) for path in one.pictures]
    seen, problems = look_at_all(
        [path for _, path in listed],
        instrument,
        are_chips=folders.read_statement(folder) is not None,
        cache=cache,
        progress=progress,
    )
    kept = [
        (number, path) for number, path in listed if path in seen and seen[path].values is not None
    ]
    person = np.array([number for number, _ in kept], dtype=np.int64)
    unseen = [
        Problem(path=path, problem=refusal.hint if refusal.gate is None else refusal.gate.value)
        for _, path in listed
        if path in seen and (refusal := seen[path].refusal) is not None
    ]
    every = [(number, path) for number, path in listed if path in seen]
    alike = findings.same_pictures(
        [seen[path].digest for _, path in every], np.array([n for n, _ in every], dtype=np.int64)
    )
    place = {path: index for index, (_, path) in enumerate(listed)}
    to_listed = [place[path] for _, path in kept]
    found_people: tuple[findings.SamePerson, ...] = ()
    found_strangers: tuple[findings.Stranger, ...] = ()
    values = np.empty((0, 1), np.float32)
    if kept:
        values = np.stack([one for _, path in kept if (one := seen[path].values) is not None])
    if len(kept) > 1:
        found = findings.neighbours(values, person, instrument.metric, thresholds.strict)
        found_people = tuple(
            findings.SamePerson(
                first=to_listed[one.first], second=to_listed[one.second],
                score=one.score, pairs=one.pairs,
            )
            for one in findings.same_people(found, person)
        )  # fmt: skip
        found_strangers = tuple(
            findings.Stranger(
                picture=to_listed[one.picture],
                own=to_listed[one.own],
                own_score=one.own_score,
                rather=None if one.rather is None else to_listed[one.rather],
                rather_score=one.rather_score,
            )
            for one in findings.strangers(found, thresholds.loose)
        )
    shown = [place[path] for _, path in every]
    leaked = folders.shared_people((one.name for one in people), lists)
    leaked_pictures = shared_pictures(people, lists)
    faces = by_face.leaked_by_folder(
        by_face.Faces(
            paths=tuple(path for _, path in kept),
            people=tuple(people[number].name for number, _ in kept),
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
        paths=tuple(path for _, path in listed),
        person=tuple(number for number, _ in listed),
        few={one.name: len(one.pictures) for one in people if len(one.pictures) < min_pictures},
        same_pictures=tuple(
            findings.SamePicture(pictures=tuple(shown[i] for i in one.pictures), people=one.people)
            for one in alike
        ),
        same_people=found_people,
        strangers=found_strangers,
        unseen=(*problems, *unseen),
        leaked=leaked,
        leaked_pictures=leaked_pictures,
        leaked_faces={path: one.leaks for path, one in faces.items() if one.leaks},
        compared={path: faces.get(path) for path in lists},
        pictures_sha256=digest_of(folders.pictures_below(folder), folder),
        thresholds=thresholds,
    )


def _known(names: Sequence[str], pictures: Sequence[Path]) -> Callable[[str], bool]:
    """Return whether a person was found already, by name or by a picture of theirs."""
    found = {*names, *(path.parent.name for path in pictures)}
    return found.__contains__
