"""Parity's arithmetic and its gate, on answers made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from edgeverify_export.parity.figures import Comparison, all_failures, compare, failures
from edgeverify_export.parity.trial import Answers, Trial, choose, scores

from edgeverify.bundle.loading import load_bundle
from edgeverify.errors import ParityError
from tests.runtime.tiny import write_tiny

GOOD = Comparison(
    name="onnxruntime-cpu",
    precision="fp16",
    min_cosine=0.9995,
    mean_cosine=0.9999,
    max_score_difference=0.001,
    flipped=1,
    pairs=2400,
    faces=3000,
    nan_count=0,
    extremes_min_cosine=0.99,
)


def answers(values: list[list[float]], name: str = "fp32") -> Answers:
    rows = np.array(values, dtype=np.float32)
    return Answers(name=name, precision="fp32", values=rows, extremes=np.ones((3, 8), np.float32))


def trial(pairs: int = 2) -> Trial:
    return Trial(
        faces=(),
        probes=np.array([0, 0][:pairs], dtype=np.intp),
        references=np.array([1, 2][:pairs], dtype=np.intp),
        mated=np.array([True, False][:pairs]),
        images=3,
        listed_pairs=2,
    )


THREE = [[1.0, 0, 0, 0, 0, 0, 0, 0], [0.8, 0.6, 0, 0, 0, 0, 0, 0], [0, 0, 1.0, 0, 0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"min_cosine": 0.998}, "cosine 0.998"),
        ({"min_cosine": float("nan")}, "cosine nan"),
        ({"flipped": 2}, "2 of 2400 decisions flipped"),
        ({"faces": 0}, "nothing was compared"),
        ({"extremes_flipped": 1}, "black, white or noise decided otherwise 1 time"),
        ({"nan_count": 1}, "1 answer with NaN"),
        ({"flipped": None, "pairs": 0}, "not run; give --pairs, or --no-flips"),
        ({"flipped": None}, "not run; give --threshold, or --pairs of two people too, or --no"),
    ],
)
def test_the_gate_says_what_fails(change: dict[str, object], words: str) -> None:
    found = failures(replace(GOOD, **change), flips_needed=True)  # type: ignore[arg-type]
    assert len(found) == 1
    assert words in found[0]


def test_the_gate_lets_a_good_form_pass() -> None:
    assert failures(GOOD, flips_needed=True) == []
    assert failures(replace(GOOD, flipped=None), flips_needed=False) == []
    assert (
        failures(replace(GOOD, precision="int8", min_cosine=0.991, flipped=12), flips_needed=True)
        == []
    )


def test_nothing_compared_is_a_failure() -> None:
    assert all_failures([], flips_needed=False)


def test_figures_by_hand(tmp_path: Path) -> None:
    manifest = write_tiny(tmp_path / "tiny")
    moved = [THREE[0], [0.6, 0.8, 0, 0, 0, 0, 0, 0], THREE[2]]
    found = compare(answers(THREE), answers(moved), trial(), manifest, threshold=0.7)
    assert found.min_cosine == pytest.approx(0.96)
    assert found.max_score_difference == pytest.approx(0.2)
    assert (found.flipped, found.pairs, found.faces) == (1, 2, 3)


def test_nan_is_counted_and_flips(tmp_path: Path) -> None:
    manifest = write_tiny(tmp_path / "tiny")
    broken = [THREE[0], THREE[1], [float("nan")] * 8]
    found = compare(answers(THREE), answers(broken), trial(), manifest, threshold=0.7)
    assert found.nan_count == 1
    assert found.flipped == 1
    assert failures(found, flips_needed=True)


def test_two_sets_of_answers_to_other_faces(tmp_path: Path) -> None:
    manifest = write_tiny(tmp_path / "tiny")
    with pytest.raises(ParityError, match="nothing was compared"):
        compare(answers(THREE), answers(THREE[:2]), trial(), manifest, None)


def test_euclidean_scores_are_minus_the_distance(tmp_path: Path) -> None:
    manifest = write_tiny(tmp_path / "tiny").model_copy(update={"metric": "euclidean"})
    found = scores(np.array(THREE, np.float32), trial(), manifest)
    assert found == pytest.approx([-np.sqrt(0.04 + 0.36), -np.sqrt(2)], abs=1e-6)


def test_the_threshold_comes_from_the_hand_then_the_pairs(tmp_path: Path) -> None:
    write_tiny(tmp_path / "tiny")
    bundle = load_bundle(tmp_path / "tiny")
    by_hand = choose(bundle, answers(THREE), trial(), 0.3)
    assert by_hand is not None
    assert by_hand.value == 0.3
    measured = choose(bundle, answers(THREE), trial(), None)
    assert measured is not None
    # In the middle of the gap: just above the one non-mated score, any other arithmetic flips it.
    assert measured.value == pytest.approx((0.0 + 0.8) / 2)
    assert "1 non-mated" in measured.source
    assert choose(bundle, answers(THREE), trial(0), None) is None


@pytest.mark.parametrize(
    ("metric", "threshold", "who"),
    [
        ("cosine", 41.0, "nobody"),
        ("cosine", -1.0, "everybody"),
        ("cosine", float("nan"), "nobody"),
        ("euclidean", 0.5, "nobody"),
        ("euclidean", float("-inf"), "everybody"),
    ],
)
def test_a_threshold_at_which_nothing_can_flip_is_no_pass(
    tmp_path: Path, metric: str, threshold: float, who: str
) -> None:
    """Parity passed at 41, the percentage of somebody's script, and at a distance without minus."""
    write_tiny(tmp_path / "tiny")
    bundle = load_bundle(tmp_path / "tiny")
    manifest = bundle.manifest.model_copy(update={"metric": metric})
    with pytest.raises(ParityError, match=f"--threshold .* lets {who} in.*no decision could flip"):
        choose(replace(bundle, manifest=manifest), answers(THREE), trial(), threshold)


def test_noise_that_begins_to_match_a_face_is_a_flip(tmp_path: Path) -> None:
    """The extremes' cosine is only told; a decision about them that changes fails."""
    manifest = write_tiny(tmp_path / "tiny")
    before = answers(THREE)
    bent = np.array([[1.0, 0, 0, 0, 0, 0, 0, 0]] * 3, np.float32)
    after = replace(answers(THREE, "int8"), extremes=bent)
    flipped = compare(before, after, trial(), manifest, 0.7)
    assert flipped.extremes_flipped == 6, "each of the three now matches the first two faces"
    assert compare(before, before, trial(), manifest, 0.7).extremes_flipped == 0
    assert compare(before, after, trial(), manifest, None).extremes_flipped is None


def test_a_score_that_rounding_put_on_the_other_side_is_no_flip(tmp_path: Path) -> None:
    """PyTorch against ONNX in FP32, 2.5e-7 apart, with the threshold in a gap of 1e-7."""
    manifest = write_tiny(tmp_path / "tiny")
    cosine = 0.7
    moved = [[*row] for row in THREE]
    before = [[*row] for row in THREE]
    before[1][:2] = [cosine, float(np.sqrt(1 - cosine**2))]
    moved[1][:2] = [cosine + 2.5e-7, float(np.sqrt(1 - (cosine + 2.5e-7) ** 2))]
    found = compare(answers(before), answers(moved), trial(), manifest, threshold=cosine + 1e-7)
    assert (found.flipped, found.within_rounding) == (0, 1)
    assert failures(found, flips_needed=True) == []
    back = compare(answers(moved), answers(before), trial(), manifest, threshold=cosine + 1e-7)
    assert (back.flipped, back.within_rounding) == (0, 1)


def test_a_score_that_moved_by_more_than_rounding_is_a_flip_however_near(tmp_path: Path) -> None:
    manifest = write_tiny(tmp_path / "tiny")
    moved = [[*row] for row in THREE]
    moved[1][:2] = [0.8001, float(np.sqrt(1 - 0.8001**2))]
    found = compare(answers(THREE), answers(moved), trial(), manifest, threshold=0.80005)
    assert (found.flipped, found.within_rounding) == (1, 0)


def test_rounding_of_a_distance_grows_with_the_embeddings(tmp_path: Path) -> None:
    """Embeddings of length 100: their distance of 60 is known to 1e-5 at best."""
    manifest = write_tiny(tmp_path / "tiny").model_copy(update={"metric": "euclidean"})
    far = [[100 * value for value in row] for row in THREE]
    moved = [[*row] for row in far]
    moved[1][0] += 5e-5
    threshold = float(scores(np.array(far, np.float32), trial(), manifest)[0]) + 1e-6
    found = compare(answers(far), answers(moved), trial(), manifest, threshold=threshold)
    assert (found.flipped, found.within_rounding) == (0, 1)


def test_too_few_pairs_say_so_and_what_they_could_tell() -> None:
    few = replace(GOOD, flipped=0, pairs=320)
    told = few.too_few_pairs
    assert told is not None
    assert "too few pairs to tell 0.05 %" in told
    assert "0 of 320 flipped" in told
    assert "1.1 % (95 %)" in told, "the exact bound of 0 of 320"
    assert "give 2000 pairs" in told
    assert failures(few, flips_needed=True) == [], "that nothing flipped is no failure"
    (words,) = failures(replace(few, flipped=1), flips_needed=True)
    assert "1 of 320" in words
    assert "too few pairs to tell 0.05 %" in words
    assert replace(GOOD, pairs=2000).too_few_pairs is None
    assert replace(GOOD, precision="int8", pairs=200).too_few_pairs is None
    assert replace(GOOD, flipped=None, pairs=0).too_few_pairs is None
