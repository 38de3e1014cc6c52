"""Grant or deny, why, and what is asked of the person on the way.

A request has a code for machines and an English text for terminals; other languages of the door are
named by their tags (BCP 47).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Literal, TypeAlias

from typing_extensions import Self

Language: TypeAlias = Literal["en", "ja", "de", "fr", "es", "tr", "pt", "zh-Hans"]

OWN_NAMES: Mapping[Language, str] = MappingProxyType(
    {
        "en": "English",
        "ja": "日本語",
        "de": "Deutsch",
        "fr": "Français",
        "es": "Español",
        "tr": "Türkçe",
        "pt": "Português",
        "zh-Hans": "简体中文",
    }
)
"""Each as its own speakers call it, in the order of the list above."""


class Asked(str, Enum):
    """The value is the English text; `code` stands on the wire and finds it in other languages."""

    code: str

    def __new__(cls, code: str, text: str) -> Self:
        """Make a member of its two columns; it is found again by its text."""
        made = str.__new__(cls, text)
        made._value_ = text
        made.code = code
        return made

    STAND_IN_FRONT = "stand_in_front", "no face in view: stand in front of the camera"
    ONE_PERSON = "one_person", "one person at a time, please"
    MOVE_CLOSER = "move_closer", "move closer"
    MOVE_TO_MIDDLE = "move_to_middle", "move to the middle of the picture"
    MORE_LIGHT = "more_light", "too dark: more light"
    LESS_LIGHT = "less_light", "too bright: step out of the glare"
    EVEN_LIGHT = "even_light", "too little contrast: even light on the face, please"
    LOOK_AT_CAMERA = "look_at_camera", "look at the camera"
    LOOK_AHEAD = "look_ahead", "look straight at the camera"
    HOLD_UPRIGHT = "hold_upright", "hold your head upright"
    UNCOVER_MOUTH = "uncover_mouth", "uncover your mouth and nose"
    TAKE_OFF_SUNGLASSES = "take_off_sunglasses", "take off your sunglasses"
    HOLD_STILL = "hold_still", "hold still"
    SHOW_WHOLE_FACE = "show_whole_face", "show your whole face to the camera"
    CLOSER_OR_BACK = "closer_or_back", "come a little closer, or step back a little"
    BLINK = "blink", "blink once"
    TURN_LEFT = "turn_left", "turn your head a little to your left"
    TURN_RIGHT = "turn_right", "turn your head a little to your right"
    NOD = "nod", "nod once"

    def __str__(self) -> str:
        return str(self.value)

    __hash__ = str.__hash__


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
