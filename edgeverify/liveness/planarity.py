"""A picture that is turned stays flat: its mesh points follow a homography, a head's do not.

MediaPipe's mesh is a model of a head, so a flat face that turns reads as a face that looks ahead
and gets narrow. A head that turns gets narrow too, but its nose moves against its cheeks, and no
plane explains that. Measured: docs/liveness.md, 'Flatness'.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import HeadPose, Points

MIN_STRETCH = 1.15
"""Below this the face was not turned enough to tell (1.15 is a plane turned by 30 degrees)."""
MAX_RESIDUAL_PER_STRETCH = 0.08
"""Of a plane. Live heads: at least 0.11; turned prints: median 0.07."""
FRAMES_TO_FAIL = 2
"""A single odd mesh fails nobody."""
MAX_FIRST_DEGREES = 30.0
"""A face turned further is not taken as the first: half of its mesh is guessed."""
MAX_MOVED_DEGREES = 15.0
"""Of yaw or pitch, against the first. A plane turned by 50 degrees moves the yaw read by at most
11.3 and the pitch by 9.6; a face that moved further is a head, and from one profile to the other
it would look flat (`real.mov`, begun in profile: 26 of 197 starts)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planarity:
    """State after the frames seen so far; `first` is the mesh everything is compared with.

    `stretch` (1 and above) and `residual` (share of the eye distance) are the newest figures.
    """

    first: Points | None = None
    first_pose: HeadPose | None = None
    stretch: float = 1.0
    residual: float = 0.0
    flat_frames: int = 0

    @property
    def is_flat(self) -> bool:
        """True once enough frames showed a turned plane."""
        return self.flat_frames >= FRAMES_TO_FAIL

    def observe(self, mesh: Points, pose: HeadPose) -> Planarity:
        """Take in one mesh, (468, 2 or 3) in pixels, and the pose that was read from it."""
        points = np.asarray(mesh[:, :2], dtype=np.float32)
        if self.first is None or self.first_pose is None:
            far = max(abs(pose.yaw_degrees), abs(pose.pitch_degrees)) > MAX_FIRST_DEGREES
            return self if far else replace(self, first=points, first_pose=pose)
        if _moved(self.first_pose, pose) > MAX_MOVED_DEGREES:
            return replace(self, stretch=1.0, residual=0.0)
        stretch = stretch_between(self.first, points)
        residual = plane_residual(self.first, points) if stretch >= MIN_STRETCH else 0.0
        is_flat = stretch >= MIN_STRETCH and residual <= MAX_RESIDUAL_PER_STRETCH * (stretch - 1)
        return replace(
            self,
            stretch=stretch,
            residual=residual,
            flat_frames=self.flat_frames + int(is_flat),
        )


def _moved(before: HeadPose, now: HeadPose) -> float:
    return max(
        abs(now.yaw_degrees - before.yaw_degrees), abs(now.pitch_degrees - before.pitch_degrees)
    )


def stretch_between(before: Points, after: Points) -> float:
    """Return how unevenly the best affine map stretches (n, 2) points: larger by smaller, >= 1."""
    homogeneous = np.column_stack([before, np.ones(len(before))]).astype(np.float64)
    solution, *_ = np.linalg.lstsq(homogeneous, after.astype(np.float64), rcond=None)
    larger, smaller = np.linalg.svd(solution[:2], compute_uv=False)
    return float(larger / max(smaller, 1e-9))


def plane_residual(before: Points, after: Points) -> float:
    """Return the root mean square error of the best homography, in eye distances of `before`.

    Source: Hartley and Zisserman, Multiple View Geometry, algorithm 4.2 (normalised DLT).
    """
    source, back = _normalised(before.astype(np.float64))
    target, forth = _normalised(after.astype(np.float64))
    x, y = source[:, :1], source[:, 1:2]
    u, v = target[:, :1], target[:, 1:2]
    one, nil = np.ones_like(x), np.zeros_like(x)
    rows = np.vstack(
        [
            np.hstack([x, y, one, nil, nil, nil, -u * x, -u * y, -u]),
            np.hstack([nil, nil, nil, x, y, one, -v * x, -v * y, -v]),
        ]
    )
    # The smallest eigenvector of A'A (9 x 9) is A's smallest right singular vector, and cheaper.
    _, vectors = np.linalg.eigh(rows.T @ rows)
    homography = np.linalg.inv(forth) @ vectors[:, 0].reshape(3, 3) @ back
    mapped = np.column_stack([before[:, :2], np.ones(len(before))]) @ homography.T
    mapped = mapped[:, :2] / mapped[:, 2:]
    error = float(np.sqrt(((mapped - after[:, :2]) ** 2).sum(axis=1).mean()))
    return error / max(float(np.hypot(*(before[33] - before[263]))), 1e-9)


def _normalised(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centre the points and bring them to a mean distance of sqrt(2); and the map that did it."""
    centre = points.mean(axis=0)
    spread = float(np.hypot(*(points - centre).T).mean())
    scale = np.sqrt(2.0) / max(spread, 1e-9)
    matrix = np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1.0]])
    return (points - centre) * scale, matrix
