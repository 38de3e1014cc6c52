"""The product finds the faces that MediaPipe itself finds, with the constants of its own graphs.

MediaPipe lives in an environment of its own (`make mediapipe`); a share of the benchmark is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.mediapipe_equality.comparing import Difference, compare
from benchmarks.mediapipe_equality.decisions import compare_decisions
from benchmarks.mediapipe_equality.golden import golden_by_mediapipe
from benchmarks.mediapipe_equality.material import kinds
from benchmarks.mediapipe_equality.yardstick import Yardstick, python_of_mediapipe
from edgeverify.bundle.vision_bundle import golden_answers
from edgeverify.settings import VisionSettings
from edgeverify.vision import decoding, golden, mesh, region
from edgeverify.vision.opening import FaceFinder
from tests.absent import absent
from tests.faces import face_finder
from tests.models.conftest import dlib_bundle, dlib_file

__all__ = ["dlib_bundle", "dlib_file"]

pytestmark = pytest.mark.slow

SHARE = 24
"""Every so many-th picture: about 280 faces of all kinds."""


@pytest.fixture(scope="module")
def python() -> Path:
    found = python_of_mediapipe()
    if found is None:
        absent("MediaPipe's own environment is not here (`make mediapipe`)")
    return found


@pytest.fixture(scope="module")
def yardstick(python: Path) -> Iterator[Yardstick]:
    opened = Yardstick(python, VisionSettings().min_detection_confidence)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def finder() -> Iterator[FaceFinder]:
    opened = face_finder()
    yield opened
    opened.close()


@pytest.mark.timeout(1800)
def test_the_same_faces_are_found_at_the_same_places(
    testdata: Path, finder: FaceFinder, yardstick: Yardstick
) -> None:
    whole = Difference()
    for name, pictures in kinds(testdata, SHARE).items():
        found = compare(pictures(), finder, yardstick)
        assert found.pictures, name
        whole += found
    assert whole.faces > 250
    assert len(whole.meshes) > 230
    assert whole.misses() == []


@pytest.mark.timeout(1800)
def test_no_more_decisions_change_than_with_the_pictures_scale(
    testdata: Path, dlib_bundle: Path, finder: FaceFinder, yardstick: Yardstick
) -> None:
    changes = compare_decisions(testdata, finder, yardstick, share=20, model=str(dlib_bundle))
    assert changes.pairs == 120
    assert changes.by_runtime <= changes.by_scale
    assert changes.largest_difference < 0.02


def test_the_golden_answers_are_mediapipes(python: Path) -> None:
    own = Yardstick(python, golden.MIN_CONFIDENCE)
    assert golden_by_mediapipe(own).encode() == golden_answers()
    own.close()


def test_a_comparison_of_nothing_meets_no_goal() -> None:
    assert Difference().misses() == ["nothing was compared"]


def number(text: str, name: str) -> float:
    """The only value that an option has in a text."""
    (found,) = set(re.findall(rf"\b{name}: ([-\d.e]+)", text))
    return float(found)


def test_every_constant_is_the_graphs_own(yardstick: Yardstick) -> None:
    options = yardstick.constants()
    (anchors,) = options["SsdAnchorsCalculator"]
    assert number(anchors, "input_size_width") == number(anchors, "input_size_height")
    assert number(anchors, "input_size_width") == decoding.INPUT
    assert number(anchors, "strides") == decoding._STRIDE
    assert number(anchors, "anchor_offset_x") == decoding._OFFSET
    assert number(anchors, "anchor_offset_y") == decoding._OFFSET
    assert number(anchors, "num_layers") == number(anchors, "aspect_ratios") == 1
    assert "fixed_anchor_size: true" in anchors
    assert number(anchors, "interpolated_scale_aspect_ratio") == 0

    (decoded,) = options["TensorsToDetectionsCalculator"]
    assert number(decoded, "num_boxes") == decoding.ANCHORS
    assert number(decoded, "num_coords") == decoding.VALUES
    assert {number(decoded, f"{side}_scale") for side in "xywh"} == {decoding.INPUT}
    assert number(decoded, "score_clipping_thresh") == decoding._MAX_LOGIT
    assert (number(decoded, "box_coord_offset"), number(decoded, "keypoint_coord_offset")) == (0, 4)
    assert (number(decoded, "num_keypoints"), number(decoded, "num_values_per_keypoint")) == (6, 2)
    assert "reverse_output_order: true" in decoded
    assert "sigmoid_score: true" in decoded

    (merging,) = options["NonMaxSuppressionCalculator"]
    assert number(merging, "min_suppression_threshold") == decoding._SAME_FACE
    assert "INTERSECTION_OVER_UNION" in merging
    assert "algorithm: WEIGHTED" in merging

    letterbox, square = options["ImageToTensorCalculator"]
    assert (number(letterbox, "min"), number(letterbox, "max")) == (-1, 1)
    assert "keep_aspect_ratio: true" in letterbox
    assert "border_mode: BORDER_ZERO" in letterbox
    assert (number(square, "min"), number(square, "max")) == (0, 1)
    assert number(square, "output_tensor_width") == region.INPUT
    assert "keep_aspect_ratio" not in square
    assert "border_mode" not in square, "the border goes on by default"

    (laid,) = options["RectTransformationCalculator"]
    assert number(laid, "scale_x") == number(laid, "scale_y") == mesh.MARGIN
    assert "square_long: true" in laid
    (level,) = options["DetectionsToRectsCalculator"]
    assert number(level, "rotation_vector_start_keypoint_index") == 0
    assert number(level, "rotation_vector_end_keypoint_index") == 1
    assert number(level, "rotation_vector_target_angle_degrees") == 0
    (points,) = options["TensorsToLandmarksCalculator"][:1]
    assert number(points, "num_landmarks") == mesh.POINTS
    assert number(points, "input_image_width") == region.INPUT
    (flag,) = options["ThresholdingCalculator"]
    assert number(flag, "threshold") == 0.5
