"""Thresholds of a fresh bundle, chosen on one half of the held-out people, checked on the other."""

from __future__ import annotations

import os
from pathlib import Path

from edgeverify.bundle.operating_points import MeasuredPoint
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
from edgeverify_train.exporting.held_out import HeldOutPeople


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
