"""A row that no door could live with is said, with what to check."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeverify.bundle.measured_point import MeasuredPoint
from edgeverify.evaluation.images.all_scores import Faces
from edgeverify.evaluation.images.calibration import Evidence, choose
from edgeverify.evaluation.images.fused_scores import fused_scores
from edgeverify.evaluation.images.row_sense import senseless
from tests.evaluation.crowds import crowd
from tests.runtime.tiny import point


def row(**changes: object) -> MeasuredPoint:
    return point(1e-3, 0.5).model_copy(update=changes)


def test_ordinary_rows_say_nothing() -> None:
    assert senseless(()) == ()
    assert senseless((row(), row(photos=2, fnmr=0.0), row(fusion="mean5", fnmr=0.02))) == ()
    assert senseless((row(fnmr=None),)) == ()


def test_a_row_that_refuses_everybody_is_said_once_with_what_to_check() -> None:
    (said,) = senseless((row(fnmr=1.0), row(fmr=1e-4, fnmr=1.0)))
    assert said.startswith("single photos, FMR 0.001: this row makes no sense for a door: it ref")
    assert "100% of 100 comparisons of the right people" in said
    assert "metric, normalisation and feeding" in said


def test_more_photos_that_lose_more_are_said() -> None:
    (said,) = senseless((row(), row(photos=2, fnmr=0.4)))
    assert "references of 2 photos are refused in 40%, single ones in 1%" in said


def _long(people: Faces) -> Faces:
    """The same crowd as a model gives it that does not normalise: lengths of about 20."""
    generator = np.random.default_rng(5)
    lengths = generator.uniform(18, 22, (len(people.values), 1)).astype(np.float32)
    values = people.values * lengths
    return replace(people, values=values, references=values, metric="euclidean")


def test_raw_distances_make_sense_with_several_photos_too() -> None:
    # As it was found: with two photos every comparison was refused, without a message.
    people = _long(crowd((6,) * 60))
    rows: list[MeasuredPoint] = []
    for photos in (1, 2, 3):
        found = fused_scores(people, photos)
        evidence = Evidence(
            dataset="made up",
            non_mated=found.non_mated,
            mated=found.mated,
            people=found.people,
            pairs_of_people=found.pairs_of_people,
        )
        rows += choose(evidence, evidence, date="2026-11-29", photos=photos)
    missed = {one.photos: one.fnmr for one in rows if one.fmr == 1e-2}
    assert sorted(missed) == [1, 2, 3]
    assert all(rate is not None and rate < 0.05 for rate in missed.values())
    assert senseless(rows) == ()
