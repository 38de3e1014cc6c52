"""The detector sees who is there, and nobody where nobody is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.near_face import portrait, staged
from edgeverify.domain import FaceBox, RgbImage
from edgeverify.vision.contract import FaceDetector
from edgeverify.vision.detector import DOUBTFUL
from edgeverify.vision.dominance import dominant
from edgeverify.vision.opening import Trial
from tests.faces import face_finder

from .conftest import Photo


def test_one_man_at_a_lectern_is_one_face(detector: FaceDetector, photo: Photo) -> None:
    (box,) = detector.detect(photo("examples/obama-720p.jpg"))
    assert box.confidence > 0.8
    assert 60 < box.eye_distance < 85
    assert box.right_eye[0] < box.left_eye[0], "the person's right eye is image left"
    assert box.left < box.right_eye[0] < box.left_eye[0] < box.right


def test_two_people_are_two_faces(detector: FaceDetector, photo: Photo) -> None:
    assert len(detector.detect(photo("examples/two_people.jpg"))) == 2


@pytest.mark.parametrize("value", [0, 127, 255])
def test_a_blank_wall_has_no_face(detector: FaceDetector, value: int) -> None:
    assert detector.detect(np.full((720, 1280, 3), value, np.uint8)) == ()


def test_noise_has_no_face(detector: FaceDetector) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert detector.detect(noise) == ()


@pytest.mark.parametrize(
    "shape", [(0, 0), (0, 640), (1, 1), (1, 4000), (4000, 1), (7, 3), (2160, 3840)]
)
def test_pictures_of_any_shape_are_looked_at(
    detector: FaceDetector, shape: tuple[int, int]
) -> None:
    assert detector.detect(np.zeros((*shape, 3), np.uint8)) == ()


def test_a_cut_out_and_a_mirrored_view_need_no_contiguous_memory(
    detector: FaceDetector, photo: Photo
) -> None:
    picture = photo("examples/obama-720p.jpg")
    (box,) = detector.detect(picture)
    (mirrored,) = detector.detect(picture[:, ::-1])
    assert abs(picture.shape[1] - mirrored.centre[0] - box.centre[0]) < 0.1 * box.width


def test_the_same_picture_gives_the_same_faces_whatever_came_before(
    detector: FaceDetector, photo: Photo
) -> None:
    picture = photo("examples/obama-720p.jpg")
    first = detector.detect(picture)
    detector.detect(photo("examples/two_people.jpg"))
    detector.detect(np.zeros((480, 640, 3), np.uint8))
    assert detector.detect(picture) == first


def test_a_face_that_fills_the_picture_is_found_at_the_second_look(testdata: Path) -> None:
    picture = _lfw(testdata, "Saoud_Al_Faisal")
    once = face_finder(trial=Trial(second_look=False))
    twice = face_finder()
    assert once.detector.detect(picture) == ()
    (box,) = twice.detector.detect(picture)
    assert 100 < box.centre[0] < 150
    assert 100 < box.centre[1] < 170
    assert 80 < box.width < 160, "in pixels of the picture, not of the small one"
    once.close()
    twice.close()


NEAR, BEHIND = "Bobby_Jackson", "Richard_Virenque"


def _two_people(testdata: Path, detector: FaceDetector) -> RgbImage:
    """Put one whose face fills the frame's height before somebody small in the corner."""
    near, behind = (portrait(detector, _path(testdata, name)) for name in (NEAR, BEHIND))
    frame, _ = staged(near, behind, 1.05)
    return frame


def test_a_near_face_that_hides_behind_a_small_one_is_found(
    testdata: Path, detector: FaceDetector
) -> None:
    frame = _two_people(testdata, detector)
    (behind,) = detector.detect(frame)
    assert behind.eye_distance < 36, "the near face is missed; who stands behind is too small"
    found = detector.look_nearer(frame, (behind,), smallest=36.0)
    assert behind in found
    near = dominant(found, 1.5)
    assert isinstance(near, FaceBox)
    assert near.eye_distance > 100
    assert abs(near.centre[0] - 420) < 60
    assert abs(near.centre[1] - 250) < 60


def test_nobody_looks_nearer_where_the_nearest_face_is_sure_and_large_enough(
    testdata: Path, detector: FaceDetector
) -> None:
    """What it costs is only paid for a doubtful face, and for one too small to be compared."""
    picture = _lfw(testdata, NEAR)
    found = detector.detect(picture)
    assert found[0].confidence > DOUBTFUL
    assert detector.look_nearer(picture, found, smallest=10.0) is found
    assert detector.look_nearer(picture, (), smallest=10.0) == ()
    without = face_finder(trial=Trial(second_look=False))
    assert without.detector.look_nearer(picture, found, smallest=500.0) is found
    without.close()


def test_the_face_that_was_found_is_not_found_twice(testdata: Path, detector: FaceDetector) -> None:
    """A second box of the same face would make two people of one, and refuse them."""
    for name in (NEAR, BEHIND):
        picture = _lfw(testdata, name)
        found = detector.detect(picture)
        assert detector.look_nearer(picture, found, smallest=500.0) == found


def test_the_frame_is_not_changed(detector: FaceDetector, photo: Photo) -> None:
    picture = photo("examples/obama-720p.jpg")
    before = picture.copy()
    detector.detect(picture)
    assert picture.flags.writeable
    np.testing.assert_array_equal(picture, before)


def _lfw(testdata: Path, name: str) -> RgbImage:
    picture = cv2.imread(str(_path(testdata, name)))
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _path(testdata: Path, name: str) -> Path:
    return testdata / "lfw" / "lfw-deepfunneled" / name / f"{name}_0001.jpg"
