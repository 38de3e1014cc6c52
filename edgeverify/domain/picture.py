"""What the camera saw, and the faces in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgeverify.domain.arrays import Points, RgbImage


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One picture from the camera, already RGB.

    `captured_at` is monotonic seconds, or the video's own time for a lockstep file.
    `is_monochrome` says that it has no colour, as from a grey or infrared camera.
    """

    rgb: RgbImage
    sequence: int
    captured_at: float
    is_monochrome: bool = False

    def __post_init__(self) -> None:
        if self.rgb.dtype != np.uint8 or self.rgb.ndim != 3 or self.rgb.shape[2] != 3:
            raise ValueError(f"a frame is uint8 (h, w, 3), not {self.rgb.dtype} {self.rgb.shape}")

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.rgb.shape[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceBox:
    """Where the detector saw a face, in frame pixels; may reach over the border.

    `right_eye` and `left_eye` are the detector's own estimates (the person's right and left);
    `confidence` is 0 to 1.
    """

    left: float
    top: float
    right: float
    bottom: float
    confidence: float
    right_eye: tuple[float, float]
    left_eye: tuple[float, float]

    @property
    def width(self) -> float:
        """Pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        """Frame pixels."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def eye_distance(self) -> float:
        """Pixels between the detector's two eyes."""
        return math.dist(self.right_eye, self.left_eye)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadPose:
    """Degrees; all 0 when facing the camera.

    Positive yaw turns towards the person's own left, positive pitch looks up, positive roll tilts
    towards the person's own left shoulder.
    """

    yaw_degrees: float
    pitch_degrees: float
    roll_degrees: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Face:
    """A face whose landmarks were found.

    `mesh` is float32 (468, 3): MediaPipe face mesh in frame pixels, z in the same scale.
    `eye_aspect_ratio` is the mean over both eyes (`vision.eyes`), about 0.3 open.
    """

    box: FaceBox
    mesh: Points
    pose: HeadPose
    eye_distance_pixels: float
    eye_aspect_ratio: float

    def __post_init__(self) -> None:
        if self.mesh.shape != (468, 3):
            raise ValueError(f"a face mesh is (468, 3), not {self.mesh.shape}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AlignedFace:
    """A chip cut from the frame as the model's alignment template says; RGB, square."""

    rgb: RgbImage
    template: str
