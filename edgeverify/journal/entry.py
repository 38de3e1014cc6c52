"""What is written down about one decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from edgeverify.domain import ClaimSource, Decision, NoticeKind, Observation
from edgeverify.lockout import LockoutState


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRecord:
    """One frame of a transaction: gates, score and liveness figures, never a picture.

    `offset_seconds` counts from the claim; `gate` is empty where the frame was compared, and
    `measured` and `limit` are in that gate's unit. Angles are degrees, `live_probability` is 0 to
    1, `stage_milliseconds` is by stage.
    """

    offset_seconds: float
    frame_sequence: int
    gate: str = ""
    measured: float | None = None
    limit: float | None = None
    card: str = ""
    score: float | None = None
    threshold: float | None = None
    is_match: bool = False
    yaw_degrees: float | None = None
    pitch_degrees: float | None = None
    roll_degrees: float | None = None
    eye_aspect_ratio: float | None = None
    live_probability: float | None = None
    stage_milliseconds: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, seen: Observation, *, claimed_at: float) -> FrameRecord:
        """Keep an observation's figures; `claimed_at` is on the clock of `seen.at`, seconds."""
        refusal, comparison, cues = seen.refusal, seen.comparison, seen.cues
        return cls(
            offset_seconds=seen.at - claimed_at,
            frame_sequence=seen.frame_sequence,
            gate=refusal.gate.value if refusal else "",
            measured=refusal.measured if refusal else None,
            limit=refusal.limit if refusal else None,
            card=comparison.card if comparison else "",
            score=comparison.score if comparison else None,
            threshold=comparison.threshold if comparison else None,
            is_match=comparison.is_match if comparison else False,
            yaw_degrees=cues.pose.yaw_degrees if cues else None,
            pitch_degrees=cues.pose.pitch_degrees if cues else None,
            roll_degrees=cues.pose.roll_degrees if cues else None,
            eye_aspect_ratio=cues.eye_aspect_ratio if cues else None,
            live_probability=cues.live_probability if cues else None,
            stage_milliseconds=seen.stage_milliseconds,
        )


@dataclass(frozen=True, slots=True)
class Forgiven:
    """What `edgeverify unlock` found and cleared: failures, and a card that counted as inside."""

    had_failures: bool
    was_inside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One decision and everything that changes with it; committed whole or not at all.

    `issued_at` and `expires_at` are aware wall times; `opened_by` is signed with them.
    `remembered_claims` are claim ids that must not be accepted again, each with the wall time until
    which that matters (the decided claim's own, and those that joined it). `lockouts` holds the
    states that changed, by key; `floor` is the wall time that the clock vouches for, None where it
    does not. `notices` are told to those who watch, and `comes_in` puts the card inside
    (anti-passback). `details` are facts for the report (model, embedding space, latencies, liveness
    mode), not figures that anything decides on.
    """

    event_id: str
    door: str
    decision: Decision
    source: ClaimSource
    issued_at: datetime
    expires_at: datetime
    duration_seconds: float = 0.0
    frames: tuple[FrameRecord, ...] = ()
    remembered_claims: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    lockouts: Mapping[str, LockoutState] = field(default_factory=lambda: MappingProxyType({}))
    notices: tuple[NoticeKind, ...] = ()
    comes_in: bool = False
    floor: datetime | None = None
    include_scores: bool = False
    opened_by: str = ""
    details: Mapping[str, str | float | int | bool | None] = field(
        default_factory=lambda: MappingProxyType({})
    )
