"""A head turned by known angles is read back (a generated head: no camera, no network)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.domain import Points
from edgeverify.vision.eyes import eye_aspect_ratio, eye_distance
from edgeverify.vision.head_pose import head_pose

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
