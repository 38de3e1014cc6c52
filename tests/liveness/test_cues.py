"""The cues by themselves: blinks, flat pictures, pictures that never change, fused PAD."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.domain import Embedding, HeadPose, Liveness, Points
from edgeverify.liveness.blink import BlinkDetector
from edgeverify.liveness.passive import PadFusion
from edgeverify.liveness.planarity import Planarity, plane_residual, stretch_between
from edgeverify.liveness.stillness import Stillness


def blinks(ratios: list[float], rate: float = 25.0) -> list[int]:
    """The frames at which eyes closed that opened again."""
    detector = BlinkDetector(closing_ratio=0.75)
    found = []
    for index, ratio in enumerate(ratios):
        detector = detector.observe(index / rate, ratio)
        if detector.is_new:
            assert detector.blinked_at is not None
            found.append(round(detector.blinked_at * rate))
    return found


@pytest.mark.parametrize("usual", [0.18, 0.27, 0.35])
def test_a_blink_is_read_against_the_persons_own_open_eyes(usual: float) -> None:
    eyes = [usual] * 10 + [usual * 0.6] * 3 + [usual] * 5

    assert blinks(eyes) == [10]


def test_two_quick_blinks_are_two() -> None:
    eyes = [0.3] * 8 + [0.2, 0.19, 0.26, 0.27, 0.2, 0.2, 0.26, 0.3]

    assert blinks(eyes) == [8, 12]


def test_eyes_that_stay_shut_are_no_blink() -> None:
    assert blinks([0.3] * 10 + [0.1] * 50 + [0.3] * 5) == []


def test_narrow_eyes_are_no_blink() -> None:
    rng = np.random.default_rng(2)
    assert blinks(list(0.17 + 0.015 * rng.standard_normal(200))) == []


def test_a_shallow_blink_of_quiet_eyes_counts_and_the_same_fall_of_restless_ones_does_not() -> None:
    """Glasses and narrow eyes: labelled blinks reached 0.74 to 0.83 of the open eyes only."""
    rng = np.random.default_rng(7)
    for spread, expected in ((0.015, [20]), (0.06, [])):
        eyes = 0.27 * (1 + spread * rng.standard_normal(40))
        eyes[20:24] = 0.27 * 0.8
        assert blinks(list(eyes)) == expected


def test_eyes_that_sink_slowly_are_a_gaze_that_lowers() -> None:
    sinking = list(np.linspace(0.30, 0.255, 40))

    assert blinks([0.3] * 20 + sinking + [0.255] * 10 + sinking[::-1]) == []


def test_what_blurs_while_the_face_moves_is_no_blink() -> None:
    detector = BlinkDetector(closing_ratio=0.75)
    for index, ratio in enumerate([0.3] * 10 + [0.2] * 3 + [0.3] * 5):
        detector = detector.observe(index / 25, ratio, speed=0.8 if index == 11 else 0.1)
        assert not detector.is_new
    assert detector.shut_since is None


def test_a_blink_is_asked_only_of_eyes_in_which_it_would_stand_out() -> None:
    rng = np.random.default_rng(3)
    quiet, restless = BlinkDetector(closing_ratio=0.75), BlinkDetector(closing_ratio=0.75)
    assert not quiet.is_readable, "before their open eyes are known"
    for index in range(30):
        noise = float(rng.standard_normal())
        quiet = quiet.observe(index / 15, 0.3 * (1 + 0.02 * noise))
        restless = restless.observe(index / 15, 0.1 * (1 + 0.09 * noise))

    assert quiet.is_readable
    assert not restless.is_readable


def test_nothing_is_read_before_the_open_eyes_are_known() -> None:
    assert blinks([0.1, 0.3, 0.3, 0.3, 0.3]) == []


def face_in_space(depth: float) -> Points:
    """468 points of a face 2 wide and 2.6 high, its nose `depth` in front; 0 is a photo."""
    rng = np.random.default_rng(9)
    points = np.zeros((468, 3))
    points[:, 0] = rng.uniform(-1, 1, 468)
    points[:, 1] = rng.uniform(-1.3, 1.3, 468)
    points[33, :2], points[263, :2] = (-0.6, -0.3), (0.6, -0.3)
    points[:, 2] = -depth * np.exp(-2 * (points[:, 0] ** 2 + points[:, 1] ** 2))
    return points.astype(np.float32)


def photographed(points: Points, yaw_degrees: float) -> Points:
    """Turned about the vertical, seen by a camera ten units away."""
    angle = np.radians(yaw_degrees)
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    turned = points @ turn.T
    scale = 1000 / (10 + turned[:, 2:])
    return np.asarray(turned[:, :2] * scale + 640, dtype=np.float32)


def judged(points: Points, *angles: float) -> Planarity:
    plane = Planarity().observe(photographed(points, 0), read_as(0))
    for angle in angles:
        plane = plane.observe(photographed(points, angle), read_as(angle / 5))
    return plane


def read_as(yaw_degrees: float) -> HeadPose:
    """What the mesh reads; of a flat picture a fifth of its turn, as measured."""
    return HeadPose(yaw_degrees=yaw_degrees, pitch_degrees=0.0, roll_degrees=0.0)


def test_a_photo_that_is_turned_is_flat() -> None:
    assert judged(face_in_space(0.0), 35, 40).is_flat
    assert judged(face_in_space(0.0), 35, 40).stretch == pytest.approx(1.3, abs=0.1)


def test_a_head_that_is_turned_is_not() -> None:
    assert not judged(face_in_space(0.6), 35, 40, -40, -35).is_flat


def test_a_head_that_turns_from_one_profile_to_the_other_is_not() -> None:
    """Its far cheek is guessed on both sides, so that it would look like a plane."""
    points = face_in_space(0.0)
    plane = Planarity()
    for yaw in (-50, -49, 58, 60, 63):
        plane = plane.observe(photographed(points, abs(yaw) / 2), read_as(yaw))
    assert plane.first is None

    ahead = Planarity().observe(photographed(points, 0), read_as(0))
    for yaw in (24, 26, 28):
        ahead = ahead.observe(photographed(points, 40), read_as(yaw))
    assert not ahead.is_flat


def test_a_photo_that_is_held_still_says_nothing() -> None:
    assert not judged(face_in_space(0.0), 2, -3, 5, 8).is_flat


def test_one_odd_frame_says_nothing() -> None:
    assert not judged(face_in_space(0.0), 40, 0, 0).is_flat


def test_a_homography_is_found_exactly() -> None:
    flat = face_in_space(0.0)

    assert plane_residual(photographed(flat, 0), photographed(flat, 50)) < 1e-5


def test_scaling_and_turning_in_the_picture_stretch_nothing() -> None:
    points = photographed(face_in_space(0.3), 0)
    angle = np.radians(25)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    assert stretch_between(points, (1.7 * points @ turn.T).astype(np.float32)) == pytest.approx(1)


def at_similarity(similarity: float) -> Embedding:
    """An embedding that is so similar to the one at similarity 1."""
    angle = np.arccos(similarity)
    values = np.array([np.cos(angle), np.sin(angle)], np.float32)
    return Embedding(values=values, embedding_space="s")


def stood(*similarities: float, seconds: float = 0.1) -> Stillness:
    """A first frame, and others that are so similar to it, so many seconds apart."""
    still = Stillness().observe(0.0, at_similarity(1.0))
    for index, similarity in enumerate(similarities):
        still = still.observe((index + 1) * seconds, at_similarity(similarity))
    return still


def test_a_frozen_picture_is_told_after_five_pairs() -> None:
    assert not stood(*[0.99995] * 4).is_still
    assert stood(*[0.99995] * 5).is_still


def test_a_still_photo_before_a_camera_that_makes_noise_is_told_after_three_seconds() -> None:
    """Noise of two grey levels: 0.9992 to 0.9997 on the NUAA frames. It never passes."""
    photo = [0.9995, 0.9993, 0.9996, 0.9994]

    assert not stood(*photo * 7).is_still
    assert stood(*photo * 8).is_still
    assert not stood(*photo * 20).has_changed


def test_few_frames_in_a_long_time_say_nothing() -> None:
    assert not stood(*[0.9999] * 4, seconds=1.0).is_still


def test_one_change_is_enough_for_a_person() -> None:
    still = stood(0.9999, 0.9999, 0.9985, *[0.9999] * 40)

    assert still.has_changed
    assert not still.is_still


def test_a_slow_drift_is_a_change_though_no_two_neighbours_differ() -> None:
    """As at 25 frames per second, where half of a talking person's neighbours are above 0.999."""
    angles = np.radians(np.arange(1, 8))
    still = stood(*np.cos(angles))

    assert still.has_changed


def test_no_embedding_is_no_evidence() -> None:
    assert Stillness().observe(1.0, None) == Stillness()
    nothing = Embedding(values=np.zeros(2, np.float32), embedding_space="s")
    assert not Stillness().observe(1.0, nothing).observe(2.0, at_similarity(0.5)).has_changed


def fused(*probabilities: float | None) -> Liveness:
    fusion = PadFusion(threshold=0.5, min_frames=3)
    for probability in probabilities:
        fusion = fusion.observe(probability)
    return fusion.verdict


def test_three_frames_are_needed_and_their_mean_decides() -> None:
    assert fused(0.9, 0.9) is Liveness.PENDING
    assert fused(0.9, 0.9, 0.2) is Liveness.PASSED


def test_a_doubtful_mean_may_recover_until_the_fifth_frame() -> None:
    assert fused(0.1, 0.4, 0.4) is Liveness.PENDING
    assert fused(0.1, 0.4, 0.4, 0.9, 0.9) is Liveness.PASSED
    assert fused(0.1, 0.4, 0.4, 0.4, 0.9) is Liveness.PRESENTATION_ATTACK


def test_an_attack_that_was_seen_stays_one() -> None:
    assert fused(*[0.0] * 5, *[1.0] * 50) is Liveness.PRESENTATION_ATTACK


def test_frames_that_were_not_judged_never_pass() -> None:
    assert fused(None, None, None, 0.9, None, 0.9) is Liveness.PENDING


@given(st.lists(st.sampled_from([float("nan"), float("inf"), -1.0, 2.0, None]), max_size=20))
def test_what_is_no_probability_never_passes(values: list[float | None]) -> None:
    assert fused(*values) is not Liveness.PASSED
