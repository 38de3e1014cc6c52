"""References of several photos are measured as such: by hand, and on a crowd."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeverify.evaluation.calibrate import merged
from edgeverify.evaluation.images.calibration import Evidence, choose, threshold_for
from edgeverify.evaluation.images.fused_scores import FusedScores, fused_scores
from tests.evaluation.crowds import crowd, faces


def test_two_photos_by_hand() -> None:
    # Person 0 has three pictures, of which the first two make the reference; person 1 has one.
    values = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8], [0.8, 0.6]])
    people = faces(values, np.array([0, 0, 0, 1]))
    found = fused_scores(people, 2)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(found.mated, [1.4 * half], atol=1e-6)
    np.testing.assert_allclose(found.non_mated, [1.4 * half], atol=1e-6)
    assert (found.people, found.pairs_of_people) == (1, 1)


def test_refused_pictures_make_no_reference_and_are_no_probes() -> None:
    values = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8], [0.8, 0.6]])
    people = faces(values, np.array([0, 0, 0, 1]))
    refused = np.array([True, False, True, True])
    found = fused_scores(replace(people, is_reference=refused, is_probe=refused), 2)
    assert (found.people, len(found.mated), len(found.non_mated)) == (1, 0, 1)
    assert fused_scores(people, 4).pairs_of_people == 0


def _evidence(found: FusedScores) -> Evidence:
    return Evidence(
        dataset="made up",
        non_mated=found.non_mated,
        mated=found.mated,
        people=found.people,
        pairs_of_people=found.pairs_of_people,
    )


def test_more_photos_are_nearer_to_everybody_and_get_a_higher_threshold() -> None:
    # Noise that all pictures share less and less as they are added up, around a common face.
    generator = np.random.default_rng(3)
    person = np.repeat(np.arange(60), 6)
    identity = generator.normal(0, 0.5, (60, 16)) + np.eye(16)[0] * 2
    values = identity[person] + generator.normal(0, 0.5, (360, 16))
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    people = faces(values, person)
    thresholds = [threshold_for(_evidence(fused_scores(people, n)), 1e-2) for n in (1, 2, 5)]
    assert None not in thresholds
    assert thresholds == sorted(thresholds, key=lambda threshold: threshold or 0)
    assert thresholds[0] != thresholds[-1]


def test_points_of_several_photos_are_kept_beside_the_others_and_replaced_with_them() -> None:
    evidence = _evidence(fused_scores(crowd((6,) * 60, spread=1.0), 2))
    two = choose(evidence, evidence, date="2026-11-22", photos=2, floors={1e-2: 0.99})
    assert {point.photos for point in two} == {2}
    assert two[0].threshold == 0.99  # never below that of single photos
    one = choose(evidence, evidence, date="2026-11-22")
    space = "ab" * 32
    both = merged(None, space, (*one, *two)).of_space(space)
    assert both is not None
    assert both.photo_counts == (2,)
    anew = merged(merged(None, space, (*one, *two)), space, one).of_space(space)
    assert anew is not None
    assert anew.photo_counts == ()
