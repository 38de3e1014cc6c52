"""The mesh sits on the face that the detector meant, or there is none."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.domain import Face, FaceBox, Points
from edgeverify.vision.contract import FaceDetector, FaceMesher
from edgeverify.vision.mesh import eye_aspect_ratio, eye_distance, head_pose

from .conftest import FaceOf, Photo


def test_each_of_two_people_gets_their_own_mesh(
    detector: FaceDetector, mesher: FaceMesher, photo: Photo
) -> None:
    picture = photo("examples/two_people.jpg")
    for box in detector.detect(picture):
        face = mesher.mesh(picture, box)
        assert face is not None
        x, y = face.mesh[:, :2].mean(axis=0)
        assert box.left < x < box.right
        assert box.top < y < box.bottom


def test_a_box_beside_a_face_does_not_borrow_the_neighbour(
    detector: FaceDetector, mesher: FaceMesher, photo: Photo
) -> None:
    picture = photo("examples/obama-720p.jpg")
    (box,) = detector.detect(picture)
    assert mesher.mesh(picture, _shifted(box, box.width)) is None


def test_a_wall_gets_no_mesh(mesher: FaceMesher) -> None:
    wall = np.full((480, 640, 3), 128, np.uint8)
    box = FaceBox(
        left=200,
        top=100,
        right=400,
        bottom=300,
        confidence=0.9,
        right_eye=(260, 160),
        left_eye=(340, 160),
    )
    assert mesher.mesh(wall, box) is None


def test_a_face_that_reaches_over_the_border_still_gets_its_mesh(
    face_of: FaceOf, photo: Photo
) -> None:
    half = face_of(photo("tests/test_images/obama_partial_face.jpg"))
    assert half.mesh[:, 0].min() < -20, "the other half is guessed beyond the picture's edge"


def test_points_are_in_frame_pixels_at_every_size(face_of: FaceOf, photo: Photo) -> None:
    large = face_of(photo("examples/obama-1080p.jpg"))
    small = face_of(photo("examples/obama-720p.jpg"))
    np.testing.assert_allclose(large.mesh[:, :2] / 1.5, small.mesh[:, :2], atol=3)
    assert large.eye_distance_pixels == pytest.approx(1.5 * small.eye_distance_pixels, rel=0.03)


def test_the_mesh_does_not_depend_on_the_frame_before(face_of: FaceOf, photo: Photo) -> None:
    picture = photo("examples/obama-720p.jpg")
    first = face_of(picture)
    face_of(photo("examples/biden.jpg"))
    np.testing.assert_array_equal(face_of(picture).mesh, first.mesh)


def test_a_face_is_followed_as_it_moves_and_lost_when_it_leaves(
    mesher: FaceMesher, face_of: FaceOf, photo: Photo
) -> None:
    picture = photo("examples/obama-720p.jpg")
    face = face_of(picture)
    moved = np.roll(picture, 12, axis=1)
    followed = mesher.follow(moved, face)
    assert followed is not None
    np.testing.assert_allclose(followed.mesh[:, 0] - face.mesh[:, 0], 12, atol=3)
    assert followed.box.centre[0] - face.box.centre[0] == pytest.approx(12, abs=3)
    assert mesher.follow(np.zeros_like(picture), face) is None


def _shifted(box: FaceBox, by: float) -> FaceBox:
    return replace(
        box,
        left=box.left + by,
        right=box.right + by,
        right_eye=(box.right_eye[0] + by, box.right_eye[1]),
        left_eye=(box.left_eye[0] + by, box.left_eye[1]),
    )


def test_head_turns_are_read_with_the_right_sign(
    testdata: Path, detector: FaceDetector, mesher: FaceMesher
) -> None:
    clip = testdata / "attacks" / "zubair_replay" / "real.mov"
    yaw = {
        index: face.pose.yaw_degrees
        for index, face in _faces(clip, detector, mesher, every=2).items()
    }
    with (testdata / "annotations" / "head_turns_share.tsv").open() as file:
        labels = [line for line in csv.reader(file, delimiter="\t") if "real.mov" in line[0]]
    for _, _, frames, label, _ in labels:
        first, last = (int(number) for number in frames.split("-"))
        values = [yaw[index] for index in range(first + 5, last - 4) if index in yaw]
        if "image-left" in label:
            assert min(values) < -20, "towards the person's own right"
        elif "image-right" in label:
            assert max(values) > 20, "towards the person's own left"
        elif len(values) > 5:
            assert abs(float(np.median(values))) < 15


@pytest.mark.parametrize(
    ("clip", "closed"),
    [("brbk7n", (21, 22, 23)), ("pwij3p", (35, 36, 37, 48, 49, 50, 51)), ("swiz3n", ())],
)
def test_blinks_are_where_a_person_saw_them(
    testdata: Path, detector: FaceDetector, mesher: FaceMesher, clip: str, closed: tuple[int, ...]
) -> None:
    faces = _faces(testdata / "videos" / "grid_lipnet" / f"{clip}.mpg", detector, mesher)
    ratios = {index: face.eye_aspect_ratio for index, face in faces.items()}
    usual = float(np.median(list(ratios.values())))
    shut = [index for index, ratio in ratios.items() if ratio < 0.75 * usual]
    assert all(any(abs(index - known) <= 1 for known in closed) for index in shut)
    assert (len(shut) > 0) == (len(closed) > 0)


def _faces(
    clip: Path, detector: FaceDetector, mesher: FaceMesher, every: int = 1
) -> dict[int, Face]:
    video = cv2.VideoCapture(str(clip))
    faces: dict[int, Face] = {}
    index = 0
    while (read := video.read())[0]:
        if index % every == 0:
            rgb = np.asarray(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB), dtype=np.uint8)
            boxes = detector.detect(rgb)
            face = mesher.mesh(rgb, boxes[0]) if boxes else None
            if face is not None:
                faces[index] = face
        index += 1
    video.release()
    return faces


ANGLE = st.floats(-40, 40)


def head() -> Points:
    """An upright, frontal head: only the points that the pose is read from are meaningful."""
    mesh = np.zeros((468, 3), np.float32)
    for right, left, y, half, z in (
        (33, 263, -30, 45, 10),
        (133, 362, -30, 15, 5),
        (234, 454, 0, 70, 60),
        (127, 356, -20, 70, 55),
        (61, 291, 45, 25, 5),
    ):
        mesh[right] = (-half, y, z)
        mesh[left] = (half, y, z)
    for index, y in ((152, 90), (10, -90), (2, 25), (168, -30), (164, 30), (9, -45)):
        mesh[index] = (0, y, 0)
    return mesh


def turned(mesh: Points, yaw: float, pitch: float, roll: float) -> Points:
    """Nod first, then turn, then tilt; signs as in `HeadPose`."""
    a, b, c = (math.radians(angle) for angle in (yaw, pitch, roll))
    nod = np.array([[1, 0, 0], [0, math.cos(b), math.sin(b)], [0, -math.sin(b), math.cos(b)]])
    turn = np.array([[math.cos(a), 0, -math.sin(a)], [0, 1, 0], [math.sin(a), 0, math.cos(a)]])
    tilt = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    return np.asarray(mesh @ (tilt @ turn @ nod).T, dtype=np.float32)


@given(yaw=ANGLE, pitch=ANGLE, roll=ANGLE, scale=st.floats(0.2, 5))
def test_any_turn_is_read_back(yaw: float, pitch: float, roll: float, scale: float) -> None:
    pose = head_pose(np.asarray(turned(head(), yaw, pitch, roll) * scale + 300, np.float32))
    assert pose.yaw_degrees == pytest.approx(yaw, abs=0.1)
    assert pose.pitch_degrees == pytest.approx(pitch, abs=0.1)
    assert pose.roll_degrees == pytest.approx(roll, abs=0.1)


def test_looking_up_brings_the_chin_closer_to_the_camera() -> None:
    up = turned(head(), 0, 20, 0)
    assert up[152, 2] < up[10, 2]
    assert head_pose(up).pitch_degrees > 0


def test_a_collapsed_mesh_has_some_pose_and_never_raises() -> None:
    flat = np.zeros((468, 3), np.float32)
    pose = head_pose(flat)
    assert all(math.isfinite(value) for value in (pose.yaw_degrees, pose.pitch_degrees))
    assert eye_aspect_ratio(flat) == 0
    assert eye_distance(flat) == 0
