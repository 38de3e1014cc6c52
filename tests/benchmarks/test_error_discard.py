"""Error-versus-discard curves, against hand-worked examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.error_discard.curves import GATES, discard_curve, gate_effect
from benchmarks.error_discard.material import PairSet
from benchmarks.error_discard.pictures import plot
from edgeverify.domain import HeadPose, QualityFigures
from edgeverify.errors import EvaluationError
from edgeverify.settings import QualitySettings
from edgeverify.vision.dominance import FaceSelection
from edgeverify.vision.quality import refuse

SCORES = np.array([0.9, 0.1, 0.8, 0.2, 0.7])
FIGURE = np.array([50.0, 10.0, 40.0, 20.0, 30.0])


def test_refusing_the_two_bad_faces_leaves_no_error() -> None:
    curve = discard_curve(SCORES, FIGURE, threshold=0.5)
    assert curve.discarded.tolist() == [0.0, 0.2, 0.4, 0.6, 0.8]
    assert curve.fnmr == pytest.approx([2 / 5, 1 / 4, 0, 0, 0])
    assert curve.limits.tolist() == [10, 20, 30, 40, 50]
    assert curve.at(0.0) == pytest.approx(0.4)
    assert curve.at(0.15) == pytest.approx(0.25)
    assert np.isnan(curve.at(0.9))


def test_faces_with_one_figure_go_together() -> None:
    curve = discard_curve(SCORES, np.array([1.0, 1.0, 1.0, 2.0, 2.0]), threshold=0.5)
    assert curve.discarded.tolist() == [0.0, 0.6]
    assert curve.fnmr == pytest.approx([0.4, 0.5])


def test_a_figure_that_says_nothing_gives_a_flat_curve() -> None:
    curve = discard_curve(SCORES, np.ones(5), threshold=0.5)
    assert curve.fnmr.tolist() == [0.4]


def test_a_limit_parts_the_pairs_and_counts_both_sides() -> None:
    effect = gate_effect(SCORES, FIGURE, 0.5, limit=20.0)
    assert (effect.kept, effect.refused) == (4, 1)
    assert effect.fnmr_kept == pytest.approx(0.25)
    assert effect.fnmr_refused == pytest.approx(1.0)
    nobody = gate_effect(SCORES, FIGURE, 0.5, limit=100.0)
    assert (nobody.kept, nobody.fnmr_kept) == (0, None)


def test_nothing_to_measure_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="needs mated pairs"):
        discard_curve(np.array([]), np.array([]), 0.5)
    with pytest.raises(EvaluationError, match="5 scores but 4"):
        discard_curve(SCORES, FIGURE[:4], 0.5)
    with pytest.raises(EvaluationError, match="not a number"):
        gate_effect(SCORES, np.full(5, np.nan), 0.5, 1.0)


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.integers(0, 5)), min_size=1, max_size=60),
    st.floats(-1, 1),
)
def test_the_curve_begins_with_everybody_and_counts_as_one_would(
    pairs: list[tuple[float, int]], threshold: float
) -> None:
    scores = np.array([score for score, _ in pairs])
    figures = np.array([float(figure) for _, figure in pairs])
    curve = discard_curve(scores, figures, threshold)
    assert curve.discarded[0] == 0
    for discarded, rate, limit in zip(curve.discarded, curve.fnmr, curve.limits, strict=True):
        left = scores[figures >= limit]
        assert discarded == pytest.approx(1 - len(left) / len(scores))
        assert rate == pytest.approx((left < threshold).mean())


FINE = QualityFigures(
    eye_distance_pixels=100, sharpness=300, brightness=120, contrast=50, border_pixels=40
)
FRONTAL = HeadPose(yaw_degrees=0, pitch_degrees=0, roll_degrees=0)


@given(
    eyes=st.floats(0, 300),
    sharpness=st.floats(0, 500),
    brightness=st.floats(0, 255),
    contrast=st.floats(0, 128),
    border=st.floats(-100, 100),
    angles=st.tuples(st.floats(-90, 90), st.floats(-90, 90), st.floats(-90, 90)),
)
def test_the_gates_here_are_the_gates_of_the_door(
    eyes: float,
    sharpness: float,
    brightness: float,
    contrast: float,
    border: float,
    angles: tuple[float, float, float],
) -> None:
    figures = QualityFigures(
        eye_distance_pixels=eyes,
        sharpness=sharpness,
        brightness=brightness,
        contrast=contrast,
        border_pixels=border,
    )
    pose = HeadPose(yaw_degrees=angles[0], pitch_degrees=angles[1], roll_degrees=angles[2])
    settings = QualitySettings()
    passes = all(gate.goodness(figures, pose) >= gate.limit(settings) for gate in GATES)
    assert passes == (refuse(figures, pose, settings) is None)


def test_every_gate_is_named_by_its_setting_and_shown_in_its_unit() -> None:
    settings = QualitySettings()
    assert {gate.setting for gate in GATES} == set(QualitySettings.model_fields)
    for gate in GATES:
        assert gate.shown(gate.limit(settings)) == getattr(settings, gate.setting)
        assert gate.goodness(FINE, FRONTAL) >= gate.limit(settings)


def test_a_panel_is_drawn_for_every_gate_there_is(tmp_path: Path) -> None:
    pairs = PairSet(
        name="two pairs",
        images=(),
        people=(),
        pairs=np.array([[0, 1], [2, 3]]),
        selection=FaceSelection.LARGEST,
    )
    goodness = np.array([[1.0] * len(GATES), [2.0] * len(GATES)])
    path = tmp_path / "curves.png"
    plot(path, "sface", [(pairs, np.array([0.2, 0.9]), goodness)], threshold=0.4)
    assert path.read_bytes().startswith(b"\x89PNG")
