"""Grant or deny, why, and what is asked of the person on the way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edgeverify.domain.language import Language


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
    LOCKED_DOWN = "locked_down"
    ALREADY_INSIDE = "already_inside"
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
    """What to ask of the person at the door: a hint or one step of a challenge.

    `text` is English, `code` that of `Asked`, by which it is said in the person's language; empty
    where it has none. `language` is the person's.
    """

    claim_id: str
    kind: str
    text: str
    expires_in_seconds: float
    code: str = ""
    language: Language = "en"
