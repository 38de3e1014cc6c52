"""A PAD bundle on real live faces, prints and a replay; and on what it must refuse to judge."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeverify.bundle.loading import load_bundle, load_pad_bundle
from edgeverify.domain import FaceBox, HeadPose, RgbImage
from edgeverify.errors import BundleError, RuntimeUnavailableError
from edgeverify.feeding.preprocessing import Batch
from edgeverify.models.build import fetch_bundle
from edgeverify.models.golden_check import check_pad_golden
from edgeverify.runtime.open_session import open_pad_sessions
from edgeverify.settings import ModelSettings, PadSettings
from edgeverify.vision.contract import FaceDetector
from edgeverify.vision.pad import PadModel, softmax
from tests.faces import face_finder
from tests.waiting import patience

SETTINGS = PadSettings()


@pytest.fixture(scope="module")
def bundle_folder(trained_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    models = tmp_path_factory.mktemp("models")
    return fetch_bundle("minifasnet", models, source=trained_models)


@pytest.fixture(scope="module")
def pad(bundle_folder: Path) -> Iterator[PadModel]:
    bundle = load_pad_bundle(bundle_folder)
    sessions = open_pad_sessions(bundle, ModelSettings(threads=1)).sessions
    assert check_pad_golden(bundle, sessions) > 0.9999
    model = PadModel(bundle, sessions, SETTINGS)
    yield model
    model.close()


@pytest.fixture(scope="module")
def detector() -> Iterator[FaceDetector]:
    finder = face_finder()
    yield finder.detector
    finder.close()


def picture(path: Path) -> RgbImage:
    bgr = cv2.imread(str(path))
    assert bgr is not None, path
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def live_probability(pad: PadModel, detector: FaceDetector, rgb: RgbImage) -> float:
    boxes = detector.detect(rgb)
    assert boxes
    probability = pad.at_any_pose(rgb, max(boxes, key=lambda box: box.eye_distance))
    assert probability is not None
    return probability


def spread(folder: Path, count: int) -> list[Path]:
    paths = sorted(folder.glob("*.jpg"))
    return [paths[i] for i in np.linspace(0, len(paths) - 1, count).astype(int)]


@pytest.mark.parametrize("person", ["0001", "0003", "0007", "0011"])
def test_live_people_are_live_and_their_prints_are_not(
    testdata: Path, pad: PadModel, detector: FaceDetector, person: str
) -> None:
    nuaa = testdata / "nuaa/db"
    live = [
        live_probability(pad, detector, picture(p)) for p in spread(nuaa / "ClientRaw" / person, 4)
    ]
    prints = [
        live_probability(pad, detector, picture(p))
        for p in spread(nuaa / "ImposterRaw" / person, 4)
    ]

    assert np.mean(live) > 0.6, live
    assert max(prints) < 0.2, prints


@pytest.mark.parametrize(
    ("name", "is_live"), [("image_T1", True), ("image_F1", False), ("image_F2", False)]
)
def test_the_three_pictures_of_the_networks_makers(
    testdata: Path,
    pad: PadModel,
    detector: FaceDetector,
    name: str,
    is_live: bool,  # noqa: FBT001
) -> None:
    """One live, one print, one tablet: the answers that the published code gives."""
    rgb = picture(testdata / f"attacks/silent_face/{name}.jpg")

    assert (live_probability(pad, detector, rgb) > 0.5) == is_live


BOX = FaceBox(
    left=200,
    top=150,
    right=360,
    bottom=310,
    confidence=0.9,
    right_eye=(240, 200),
    left_eye=(310, 200),
)
AHEAD = HeadPose(yaw_degrees=0, pitch_degrees=0, roll_degrees=0)
GREY = np.full((480, 640, 3), 128, np.uint8)


def test_a_face_of_another_size_is_not_judged(pad: PadModel) -> None:
    small = replace(BOX, right=BOX.left + SETTINGS.min_face_pixels - 1)
    large = replace(BOX, right=BOX.left + SETTINGS.max_face_pixels + 1)

    assert pad.live_probability(GREY, BOX, AHEAD) is not None
    assert pad.live_probability(GREY, small, AHEAD) is None
    assert pad.live_probability(GREY, large, AHEAD) is None


def test_a_face_that_is_turned_is_not_judged_but_may_be_measured(pad: PadModel) -> None:
    aside = replace(AHEAD, yaw_degrees=SETTINGS.max_yaw_degrees + 1)

    assert pad.live_probability(GREY, BOX, aside) is None
    assert pad.at_any_pose(GREY, BOX) == pad.live_probability(GREY, BOX, AHEAD)


@pytest.mark.parametrize(("dx", "dy"), [(-190, -140), (270, 160), (-190, 160)])
def test_a_face_at_the_border_is_judged_by_a_crop_shifted_inside(
    testdata: Path, pad: PadModel, detector: FaceDetector, dx: int, dy: int
) -> None:
    """A live face moved into a corner: shifting the crop, as the training did, keeps it live."""
    rgb = picture(spread(testdata / "nuaa/db/ClientRaw/0003", 1)[0])
    box = detector.detect(rgb)[0]
    height, width = rgb.shape[:2]
    x = int(np.clip(box.left + dx, 0, width - box.width)) - box.left
    y = int(np.clip(box.top + dy, 0, height - box.height)) - box.top
    matrix = np.array([[1, 0, x], [0, 1, y]], dtype=np.float64)
    moved = np.asarray(
        cv2.warpAffine(rgb, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )

    assert len(pad.each_network(moved, detector.detect(moved)[0])) == 2


class Mute:
    """A network that answers with something else than three scores."""

    name = "mute"
    precision = "fp32"

    def __init__(self, answer: Batch) -> None:
        self._answer = answer

    def run(self, batch: Batch) -> Batch:
        assert batch.shape == (1, 3, 80, 80)
        return self._answer

    def close(self) -> None:
        """Nothing to free."""


@pytest.mark.parametrize(
    "answer",
    [np.full((1, 3), np.nan, np.float32), np.zeros((1, 2), np.float32), np.zeros(3, np.float32)],
)
def test_a_network_that_answers_with_no_score_is_an_error_and_never_live(
    bundle_folder: Path, answer: Batch
) -> None:
    bundle = load_pad_bundle(bundle_folder)
    broken = PadModel(bundle, [Mute(answer), Mute(answer)], SETTINGS)

    with pytest.raises(RuntimeUnavailableError, match="not a score"):
        broken.live_probability(GREY, BOX, AHEAD)


class Meeting:
    """A network that answers only while another one runs as well."""

    name = "onnxruntime-cpu"
    precision = "fp32"

    def __init__(self, barrier: threading.Barrier, live: float) -> None:
        self._barrier = barrier
        self._answer = np.array([[0, live, 0]], np.float32)

    def run(self, batch: Batch) -> Batch:
        assert batch.shape == (1, 3, 80, 80)
        self._barrier.wait(timeout=patience(10))
        return self._answer

    def close(self) -> None:
        """Nothing to free."""


def test_side_by_side_both_networks_run_at_once_and_keep_their_order(bundle_folder: Path) -> None:
    barrier = threading.Barrier(2)
    sessions = [Meeting(barrier, 2.0), Meeting(barrier, -2.0)]
    pad = PadModel(load_pad_bundle(bundle_folder), sessions, SETTINGS, side_by_side=True)

    first, second = pad.each_network(GREY, BOX)
    pad.close()

    assert first > 0.7
    assert second < 0.1


def test_side_by_side_gives_the_same_answers(bundle_folder: Path, pad: PadModel) -> None:
    bundle = load_pad_bundle(bundle_folder)
    sessions = open_pad_sessions(bundle, ModelSettings(threads=2)).sessions
    beside = PadModel(bundle, sessions, SETTINGS, side_by_side=True)

    answers = beside.each_network(GREY, BOX)
    beside.close()

    assert answers == pytest.approx(pad.each_network(GREY, BOX), abs=1e-5)


@pytest.mark.parametrize("broken", [0, 1])
def test_side_by_side_a_network_that_fails_is_an_error(bundle_folder: Path, broken: int) -> None:
    answers = [np.zeros((1, 3), np.float32), np.zeros((1, 3), np.float32)]
    answers[broken] = np.zeros((1, 2), np.float32)
    sessions = [Mute(answer) for answer in answers]
    pad = PadModel(load_pad_bundle(bundle_folder), sessions, SETTINGS, side_by_side=True)

    with pytest.raises(RuntimeUnavailableError, match="not a score"):
        pad.live_probability(GREY, BOX, AHEAD)
    pad.close()


def test_every_network_needs_its_session(bundle_folder: Path) -> None:
    bundle = load_pad_bundle(bundle_folder)

    with pytest.raises(ValueError, match="one session per network"):
        PadModel(bundle, [Mute(np.zeros((1, 3), np.float32))], SETTINGS)


def test_a_pad_bundle_is_no_embedder(bundle_folder: Path) -> None:
    with pytest.raises(BundleError, match=r"is a liveness \(PAD\) bundle"):
        load_bundle(bundle_folder)


def test_the_bundle_comes_with_a_threshold_that_was_measured(bundle_folder: Path) -> None:
    points = load_pad_bundle(bundle_folder).operating_points

    assert points is not None
    assert points.points[0].threshold == 0.5
    assert points.points[0].supported


def test_softmax_of_large_scores_stays_a_probability() -> None:
    assert softmax(np.array([1000.0, 0.0, -1000.0], np.float32)).tolist() == [1.0, 0.0, 0.0]
