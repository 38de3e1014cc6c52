"""What accuracy is measured on: images in a folder per person, or those that a pair list names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeverify.enrolment.decoding import PICTURE_ENDINGS
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.acquire import Problem
from edgeverify.evaluation.images.acquired import Acquired
from edgeverify.evaluation.images.pairs import ImageKey, Pair
from edgeverify.folder_listing import NOT_FOLLOWED, files_of_people


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedImage:
    """One image and who is on it."""

    person: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """Images that were looked at, ordered by person; the same picture only once.

    `person` is int64 (n,), indices of `people`; `problems` are the images left out, and why.
    """

    people: tuple[str, ...]
    person: NDArray[np.int64]
    paths: tuple[Path, ...]
    seen: tuple[Acquired, ...]
    problems: tuple[Problem, ...]

    def restricted_to(self, people: frozenset[str]) -> Material:
        """Keep the images of some people only. EvaluationError where nothing is left."""
        chosen = [i for i, index in enumerate(self.person) if self.people[index] in people]
        return _ordered(
            [self.people[self.person[i]] for i in chosen],
            [self.paths[i] for i in chosen],
            [self.seen[i] for i in chosen],
            self.problems,
        )


def folder_images(root: Path) -> tuple[NamedImage, ...]:
    """Find the images of a folder per person, at any depth below the person's folder.

    EvaluationError unless there are two people with an image.
    """
    if not root.is_dir():
        raise EvaluationError(f"{root} is not a folder", advice="Give a folder per person in it.")
    try:
        found = files_of_people(root)
    except OSError as error:
        raise EvaluationError(f"{error.filename} cannot be read: {error.strerror}") from None
    images = [
        NamedImage(person=path.relative_to(root).parts[0], path=path)
        for path in found.files
        if path.parent != root and path.suffix.lower() in PICTURE_ENDINGS
    ]
    people = {image.person for image in images}
    if len(people) < 2:
        holds = "no folder with pictures" if not people else f"pictures of {people.pop()} alone"
        raise EvaluationError(
            f"{root} holds {holds}: nobody to compare with",
            advice="It must hold one folder per person, of at least two people.",
        )
    return tuple(images)


def passed_over(root: Path) -> tuple[Problem, ...]:
    """Name what a folder of people holds and nobody looks at. Raises OSError."""
    found = files_of_people(root)
    stray = [path for path in found.files if path.parent == root]
    return (
        *(Problem(path=path, problem=NOT_FOLLOWED) for path in found.links),
        *(
            Problem(path=path, problem="is in nobody's folder")
            for path in stray
            if path.suffix.lower() in PICTURE_ENDINGS
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedImages:
    """The images of a pair list: where each lies, and the pairs whose images are there."""

    where: Mapping[ImageKey, Path]
    pairs: tuple[Pair, ...]
    missing: tuple[Problem, ...]

    @property
    def images(self) -> tuple[NamedImage, ...]:
        """Every image once."""
        return tuple(
            NamedImage(person=key.person, path=path)
            for key, path in sorted(self.where.items(), key=lambda item: str(item[1]))
        )


def paired_images(pairs: Sequence[Pair], images: Path) -> PairedImages:
    """Find the images that the pairs name; EvaluationError where there is not one pair."""
    if not images.is_dir():
        raise EvaluationError(f"--images {images} is not a folder")
    where: dict[ImageKey, Path] = {}
    missing: dict[ImageKey, Problem] = {}
    for pair in pairs:
        for key in (pair.probe, pair.reference):
            if key in where or key in missing:
                continue
            path = key.find(images)
            if path is None:
                problem = f"line {pair.line} of the pairs names it, and it is not there"
                missing[key] = Problem(path=key.path(images), problem=problem)
            else:
                where[key] = path
    there = tuple(p for p in pairs if p.probe in where and p.reference in where)
    if not there:
        raise EvaluationError(
            f"no pair has both its images in {images}",
            advice="Images lie at NAME/NAME_0001.jpg below --images, as LFW has them.",
        )
    return PairedImages(where=where, pairs=there, missing=tuple(missing.values()))


def material(
    images: Sequence[NamedImage], seen: Mapping[Path, Acquired], problems: Sequence[Problem]
) -> Material:
    """Put together what was acquired; a picture that is there twice counts once and is named."""
    first: dict[str, NamedImage] = {}
    notes = list(problems)
    kept: list[NamedImage] = []
    for image in sorted(images, key=lambda each: (each.person, str(each.path))):
        look = seen.get(image.path)
        if look is None:
            continue
        known = first.setdefault(look.digest, image)
        if known is image:
            kept.append(image)
        else:
            whose = "" if known.person == image.person else f", there as {known.person}"
            notes.append(
                Problem(path=image.path, problem=f"is the same picture as {known.path}{whose}")
            )
    return _ordered(
        [image.person for image in kept],
        [image.path for image in kept],
        [seen[image.path] for image in kept],
        notes,
    )


def _ordered(
    names: Sequence[str],
    paths: Sequence[Path],
    seen: Sequence[Acquired],
    problems: Sequence[Problem],
) -> Material:
    if not names:
        raise EvaluationError("no image could be read: there is nothing to measure")
    people, person = np.unique(np.array(names), return_inverse=True)
    order = np.argsort(person, kind="stable")
    return Material(
        people=tuple(str(name) for name in people),
        person=person[order].astype(np.int64),
        paths=tuple(paths[i] for i in order),
        seen=tuple(seen[i] for i in order),
        problems=tuple(problems),
    )
