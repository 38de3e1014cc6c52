"""Comparisons before one camera are another thing than those across cameras."""

from __future__ import annotations

import numpy as np
import pytest

from edgeverify.bundle.operating_points import OperatingPoints
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.all_scores import Faces, compare_all_images
from edgeverify.evaluation.images.attributes import Attributes
from edgeverify.evaluation.images.one_camera import (
    OneCamera,
    before_known_cameras,
    before_one_camera,
    camera_points,
    camera_rows,
)
from tests.evaluation.crowds import faces
from tests.runtime.tiny import point

# Three people with two pictures each: the first by the door's camera, the second elsewhere. What
# the camera adds to every picture (the third value) makes its pictures alike.
PICTURES = faces(
    np.array(
        [
            [0.6, 0.0, 0.8],
            [1.0, 0.0, 0.0],
            [0.0, 0.6, 0.8],
            [0.0, 1.0, 0.0],
            [-0.6, 0.0, 0.8],
            [-1.0, 0.0, 0.0],
        ]
    ),
    np.array([0, 0, 1, 1, 2, 2]),
)
CAMERAS = Attributes(
    values={"camera": {0: "door", 2: "door", 4: "door", 1: "a", 3: "b", 5: "c"}}, unknown=0
)


def _one(pictures: Faces = PICTURES, cameras: Attributes = CAMERAS) -> OneCamera:
    return before_one_camera(pictures, cameras, "camera")


def test_a_column_that_the_table_has_not_is_named_with_those_that_it_has() -> None:
    for compare in (before_one_camera, before_known_cameras):
        with pytest.raises(EvaluationError, match="--camera-column kamera: the table has") as told:
            compare(PICTURES, CAMERAS, "kamera")
        assert told.value.advice == "Its columns beside the image are: camera."


def test_they_are_reported_apart() -> None:
    one = _one()
    assert (one.cameras, one.people, one.pairs_of_people) == (4, 3, 3)
    np.testing.assert_allclose(one.non_mated, [0.28, 0.64, 0.64], atol=1e-6)
    before, across = camera_rows(compare_all_images(PICTURES), one, 0.5)
    assert before.fmr is not None
    assert across.fmr is not None
    assert (before.fmr.errors, before.fmr.count) == (2, 3)
    # Every one of the nine others lies below.
    assert (across.fmr.errors, across.fmr.count) == (0, 9)
    assert before.fnmr is None  # nobody has two pictures of one camera
    assert across.fnmr is not None
    assert (across.fnmr.errors, across.fnmr.count) == (0, 3)


def test_pictures_of_an_unknown_camera_are_no_comparison_across_cameras() -> None:
    some = Attributes(values={"camera": {0: "door", 2: "door", 1: "a"}}, unknown=3)
    known = before_known_cameras(PICTURES, some, "camera")
    _, across = camera_rows(known, _one(cameras=some), 0.5)
    assert across.fmr is not None
    assert across.fmr.count == 1


def test_a_column_that_is_not_there_is_said_with_those_that_are() -> None:
    with pytest.raises(EvaluationError, match="no such column") as caught:
        before_one_camera(PICTURES, CAMERAS, "lens")
    assert "camera" in caught.value.advice


ELSEWHERE = OperatingPoints(
    embedding_space="ab" * 32, points=(point(1e-3, 0.4), point(1e-4, 0.5), point(1e-5, 0.6))
)


def test_few_people_before_one_camera_get_a_threshold_above_all_that_they_reached() -> None:
    found = camera_points(_one(), ELSEWHERE, dataset="door", date="2026-11-29")
    assert [p.fmr for p in found] == [1e-3, 1e-4, 1e-5]
    # The highest score of two different people is 0.64: no threshold lies below.
    assert [p.threshold for p in found] == [0.6401] * 3
    assert all(p.origin == "camera" and not p.supported and p.false_matches == 0 for p in found)
    assert "3 people before 4 camera(s)" in found[0].dataset


def test_the_threshold_is_never_below_that_of_a_tenth_of_the_rate_from_elsewhere() -> None:
    apart = faces(np.eye(6), np.array([0, 0, 1, 1, 2, 2]))
    found = camera_points(_one(apart), ELSEWHERE, dataset="door", date="2026-11-29")
    assert [p.threshold for p in found] == [0.5, 0.6, 0.6]


def test_many_people_before_one_camera_support_a_threshold_of_their_own() -> None:
    scores = np.sort(np.random.default_rng(1).normal(0.3, 0.1, 20_000)).astype(np.float32)
    many = OneCamera(
        cameras=1,
        people=200,
        pairs_of_people=19_900,
        non_mated=scores,
        mated=np.array([0.9, 0.5]),
    )
    found = {p.fmr: p for p in camera_points(many, ELSEWHERE, dataset="door", date="2026-11-29")}
    assert found[1e-3].supported
    assert 0.4 < found[1e-3].threshold < float(scores[-1])
    assert found[1e-3].fmr_upper_95 <= 1e-3
    assert not found[1e-5].supported


def test_without_thresholds_for_elsewhere_there_is_nothing_to_begin_with() -> None:
    with pytest.raises(EvaluationError, match="no thresholds for elsewhere yet"):
        camera_points(_one(), None, dataset="door", date="2026-11-29")
