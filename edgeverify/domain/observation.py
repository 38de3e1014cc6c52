"""What one frame contributes: refused at a gate, or compared; and its liveness cues."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edgeverify.domain.arrays import Points
from edgeverify.domain.biometric import Comparison, Embedding
from edgeverify.domain.decision import Reason
from edgeverify.domain.picture import HeadPose


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
    EYES_COVERED = "eyes_covered"
    MOUTH_COVERED = "mouth_covered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a frame was not compared: coarse reason, the gate, what to tell the person.

    `measured` and `limit` are in the gate's own unit, for the journal; `unit` has it in words.
    """

    reason: Reason
    gate: Gate
    hint: str
    measured: float | None = None
    limit: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityFigures:
    """What the gates measured, in their own units, whether or not they refused.

    `sharpness` is the variance of the Laplacian of the grey face chip; `brightness` and `contrast`
    are mean and standard deviation of the chip's grey values, 0 to 255; `border_pixels` is the
    distance from the mesh to the nearest frame border (negative: outside). `eye_light` is the light
    on the skin below the eyes by that on the cheeks, less what it has lost of its red (0 and more;
    1: nothing covers it); `mouth_difference` the colour between mouth and chin and the skin above
    where no lips show (shares of red and green; 0: lips show).
    """

    eye_distance_pixels: float
    sharpness: float
    brightness: float
    contrast: float
    border_pixels: float
    eye_light: float = 1.0
    mouth_difference: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LivenessCues:
    """What one frame says about whether a live person stands there; None where it was not read.

    `live_probability` is the PAD bundle's P(live), 0 to 1, and read only on frames that match.
    `embedding` is this frame's own, for cues over a whole transaction, and is never kept.
    """

    pose: HeadPose
    eye_aspect_ratio: float
    mesh: Points
    live_probability: float | None = None
    embedding: Embedding | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """What one frame contributes to a transaction: either a refusal or a comparison.

    `at` is the frame's capture time. The face was detected in this very frame: one that was only
    followed from the frame before is never compared, so never observed.
    """

    frame_sequence: int
    at: float
    refusal: Refusal | None = None
    comparison: Comparison | None = None
    cues: LivenessCues | None = None
    quality: QualityFigures | None = None
    stage_milliseconds: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if (self.refusal is None) == (self.comparison is None):
            raise ValueError("an observation is either a refusal or a comparison")
