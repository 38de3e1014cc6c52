"""The people of a run who were not trained on, by name, with their chips.

Thresholds of a fresh bundle are chosen on one half of them, and checked on the other.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from edgeverify_export.parity.faces import FoundFace, spread
from edgeverify_export.parity.trial import Trial
from numpy.typing import NDArray

from edgeverify.bundle.measured_point import MeasuredPoint
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.accuracy import Job
from edgeverify.evaluation.calibrate import calibrate, merged
from edgeverify.evaluation.images.acquire import acquire
from edgeverify.evaluation.images.face_cache import FaceCache
from edgeverify.evaluation.images.material import Material, NamedImage, material
from edgeverify.evaluation.instrument import Instrument, open_instrument
from edgeverify.evaluation.sides import Side
from edgeverify.models.bundle_writer import write_points
from edgeverify.progress import counted_bar
from edgeverify.settings import Settings
from edgeverify_train.people import Person, people_in, read_split
from edgeverify_train.recipe import Recipe
from edgeverify_train.run_folder import RunFolder

MAX_FACES = 400
MAX_PAIRS = 2000
"""Of each kind: twice what 0.05 % of flipped decisions takes to be told."""


@dataclass(frozen=True, slots=True)
class HeldOutPeople:
    """Chips and the number of each one's person; `names` by number."""

    names: tuple[str, ...]
    paths: tuple[Path, ...]
    person: NDArray[np.int64]


def trained_people(recipe: Recipe, run: RunFolder) -> int | None:
    """Return how many people a run was trained on; None where it knew no people (`distill`)."""
    if recipe.data.unlabelled or not run.people.is_file():
        return None
    return len(read_split(run.people).trained)


def held_out_people(recipe: Recipe, run: RunFolder) -> HeldOutPeople | None:
    """Find the people whom the run was measured on; None where it had none.

    ConfigError where their chips are not where the recipe says.
    """
    found = _people(recipe, run)
    if not found:
        return None
    most = recipe.measurement.max_pictures
    shown = [
        (number, path)
        for number, one in enumerate(found)
        for path in spread(one.pictures, most)
    ]  # fmt: skip
    return HeldOutPeople(
        names=tuple(one.name for one in found),
        paths=tuple(path for _, path in shown),
        person=np.array([number for number, _ in shown], dtype=np.int64),
    )


def _people(recipe: Recipe, run: RunFolder) -> Sequence[Person]:
    if recipe.measurement.folder:
        return people_in(Path(recipe.measurement.folder), min_pictures=1)[0]
    if recipe.data.unlabelled or not run.people.is_file():
        return ()
    names = frozenset(read_split(run.people).held_out)
    everybody, _ = people_in(Path(recipe.data.folder), min_pictures=1)
    return [one for one in everybody if one.name in names]


def parity_trial(people: HeldOutPeople) -> Trial:
    """Return faces and pairs, mated and not, evenly over all of them."""
    chosen = sorted(spread(range(len(people.paths)), MAX_FACES))
    person = people.person[chosen]
    first, second = np.triu_indices(len(chosen), k=1)
    mated = person[first] == person[second]
    kept = np.array(
        sorted(
            int(pair)
            for kind in (True, False)
            for pair in spread(np.flatnonzero(mated == kind).tolist(), MAX_PAIRS)
        ),
        dtype=np.intp,
    )
    return Trial(
        faces=tuple(FoundFace(path=people.paths[index], mesh=None) for index in chosen),
        probes=first[kept].astype(np.intp),
        references=second[kept].astype(np.intp),
        mated=mated[kept],
        images=len(chosen),
        listed_pairs=len(kept),
    )


def measure_points(
    folder: Path, people: HeldOutPeople, *, name: str, date: str
) -> tuple[MeasuredPoint, ...]:
    """Measure through the door's own pipeline on the chips, and write into the bundle.

    EvaluationError where so few people carry no rate at all; the bundle is then as it was.
    """
    settings = Settings.model_validate({"model": {"bundle": str(folder.absolute()), "threads": 2}})
    instrument = open_instrument(settings, folder, os.environ, aligned=True)
    try:
        found = _seen(people, instrument)
        halves = found.people[0::2], found.people[1::2]
        if not all(len(half) > 1 for half in halves):
            raise EvaluationError(f"{len(found.people)} people are too few to be halved")
        one, other = (
            Side(
                name=f"{name}, chips cut before, {words}",
                material=found.restricted_to(frozenset(half)),
            )
            for half, words in zip(
                halves, ("every other person", "the people in between"), strict=True
            )
        )
        job = Job(settings=settings, instrument=instrument, cache=None)
        points = calibrate(one, other, None, job, gated=False, date=date).points
        bundle = instrument.verifier.bundle
        file = merged(bundle.points, instrument.verifier.embedding_space, points)
    finally:
        instrument.close()
    write_points(folder, file)
    return points


def _seen(people: HeldOutPeople, instrument: Instrument) -> Material:
    images = [
        NamedImage(person=people.names[number], path=path)
        for number, path in zip(people.person, people.paths, strict=True)
    ]
    with FaceCache(None, instrument.key) as cache, counted_bar("looking at images") as progress:
        seen, problems = acquire(people.paths, instrument, cache, progress)
    return material(images, seen, problems)
