"""The things the door is made of: frozen, typed, checked where they are made.

Words follow ISO/IEC 2382-37 (probe, reference, comparison score) and ISO/IEC 30107-3
(presentation attack). Pixel coordinates are (x, y) from the top left corner of the frame; "left"
and "right" of a face are the person's own. Wall times are aware UTC datetimes; monotonic times
are seconds and only comparable within one process.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RgbImage: TypeAlias = NDArray[np.uint8]
"""Pixels, uint8, shape (height, width, 3), channels red, green, blue."""

Points: TypeAlias = NDArray[np.float32]
"""Pixel coordinates, float32, shape (n, 2) or (n, 3)."""

Vector: TypeAlias = NDArray[np.float32]
"""An embedding's values, float32, shape (n,)."""


class Outcome(str, Enum):
    """What the door is told."""

    GRANT = "grant"
    DENY = "deny"


class Reason(str, Enum):
    """Why, in one coarse word that is safe to publish. `MATCH` belongs to grants alone."""

    MATCH = "match"
    UNKNOWN_REFERENCE = "unknown_reference"
    NOT_VALID_NOW = "not_valid_now"
    WRONG_DOOR = "wrong_door"
    LOCKED_OUT = "locked_out"
    CLAIM_EXPIRED = "claim_expired"
    SUPERSEDED = "superseded"
    NO_FACE = "no_face"
    MULTIPLE_FACES = "multiple_faces"
    POOR_QUALITY = "poor_quality"
    NON_MATCH = "non_match"
    AMBIGUOUS = "ambiguous"
    PRESENTATION_ATTACK = "presentation_attack"
    CHALLENGE_FAILED = "challenge_failed"
    LIVENESS_UNAVAILABLE = "liveness_unavailable"
    CAMERA_UNAVAILABLE = "camera_unavailable"
    MODEL_UNAVAILABLE = "model_unavailable"
    REFERENCE_UNUSABLE = "reference_unusable"
    JOURNAL_UNAVAILABLE = "journal_unavailable"
    OVERHEATED = "overheated"
    CLOCK_UNSYNCED = "clock_unsynced"
    INTERNAL_ERROR = "internal_error"


class ClaimSource(str, Enum):
    """Who says that somebody is at the door."""

    MQTT = "mqtt"
    FIXED = "fixed"
    WALK_UP = "walk_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Somebody says who they are.

    `card` is empty for `walk_up`, where every reference valid now counts as claimed. Only frames
    captured after `received_at` (monotonic seconds) may prove it.
    """

    id: str
    card: str
    issued_at: datetime
    received_at: float
    source: ClaimSource

    def __post_init__(self) -> None:
        if self.issued_at.tzinfo is None:
            raise ValueError("Claim.issued_at must know its time zone")
        if not self.card and self.source is not ClaimSource.WALK_UP:
            raise ValueError("only a walk-up claim may come without a card")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One picture from the camera, already RGB.

    `captured_at` is monotonic seconds, or the video's own time for a lockstep file.
    """

    rgb: RgbImage
    sequence: int
    captured_at: float

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
    `eye_aspect_ratio` is the mean over both eyes (Soukupova and Cech, 2016), about 0.3 open.
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Embedding:
    """What a model makes of a face; only comparable within one `embedding_space` (hex SHA-256)."""

    values: Vector
    embedding_space: str

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or self.values.dtype != np.float32:
            raise ValueError(
                f"an embedding is float32 (n,), not {self.values.dtype} {self.values.shape}"
            )
        if not np.isfinite(self.values).all():
            raise ValueError("an embedding must be finite")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """What the door knows about one person: the fused embedding of their ID-card photos."""

    card: str
    name: str
    embedding: Embedding
    photo_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """A threshold, always with the false match rate it was set at.

    `max_fmr` is the rate per comparison of one probe frame with one reference; None where a person
    wrote the threshold by hand. `evidence` says in words on what it was measured.
    """

    threshold: float
    max_fmr: float | None
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One probe against one reference. Higher scores are more similar, whatever the metric.

    `is_ambiguous` is only ever true for walk-up claims: two references scored above the threshold.
    """

    card: str
    score: float
    threshold: float
    is_ambiguous: bool = False

    @property
    def is_match(self) -> bool:
        """True at or above the threshold; never when the score is not a number."""
        return not self.is_ambiguous and self.score >= self.threshold


class Gate(str, Enum):
    """The checks a frame passes before anything is compared."""

    NO_FACE = "no_face"
    MULTIPLE_FACES = "multiple_faces"
    TOO_FAR = "too_far"
    TURNED_AWAY = "turned_away"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    CUT_OFF = "cut_off"
    MESH_LOST = "mesh_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a frame was not compared: coarse reason, the gate, what to tell the person.

    `measured` and `limit` are in the gate's own unit, for the journal.
    """

    reason: Reason
    gate: Gate
    hint: str
    measured: float | None = None
    limit: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityFigures:
    """What the gates measured, in their own units, whether or not they refused.

    `sharpness` is the variance of the Laplacian of the grey face chip; `brightness` and `contrast`
    are mean and standard deviation of the chip's grey values, 0 to 255; `border_pixels` is the
    distance from the mesh to the nearest frame border (negative: outside).
    """

    eye_distance_pixels: float
    sharpness: float
    brightness: float
    contrast: float
    border_pixels: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LivenessCues:
    """What one frame says about whether a live person stands there; None where it was not read.

    `live_probability` is the PAD bundle's P(live), 0 to 1, and read only on frames that match.
    `similarity_to_previous` is the cosine to the previous compared frame's embedding.
    """

    pose: HeadPose
    eye_aspect_ratio: float
    mesh: Points
    similarity_to_previous: float | None = None
    live_probability: float | None = None
    screen_edges: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """What one frame contributes to a transaction: either a refusal or a comparison.

    `at` is the frame's capture time. `is_tracked` is true where the face was followed from the
    previous frame instead of detected; such a frame never counts as a match.
    """

    frame_sequence: int
    at: float
    refusal: Refusal | None = None
    comparison: Comparison | None = None
    cues: LivenessCues | None = None
    quality: QualityFigures | None = None
    is_tracked: bool = False
    stage_milliseconds: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if (self.refusal is None) == (self.comparison is None):
            raise ValueError("an observation is either a refusal or a comparison")


class Liveness(str, Enum):
    """The liveness judgement over all frames of a transaction so far.

    Only `PASSED` and `NOT_REQUIRED` (liveness switched off by hand) let a grant through.
    """

    PENDING = "pending"
    PASSED = "passed"
    NOT_REQUIRED = "not_required"
    PRESENTATION_ATTACK = "presentation_attack"
    CHALLENGE_FAILED = "challenge_failed"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the door decided about one claim. It has no default outcome.

    `score` and `threshold` are for the journal (and, if so set, the audit topic); never the event.
    """

    claim_id: str
    card: str
    outcome: Outcome
    reason: Reason
    comparisons: int = 0
    matches: int = 0
    score: float | None = None
    threshold: float | None = None

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.GRANT) != (self.reason is Reason.MATCH):
            raise ValueError(f"{self.outcome.value} cannot have reason {self.reason.value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What to ask of the person at the door: a hint or one step of a challenge."""

    claim_id: str
    kind: str
    text: str
    expires_in_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Degradation:
    """Something that does not work as it should, in a word for machines and a line for people."""

    name: str
    detail: str = field(compare=False, default="")
