"""Whole transactions of the door's own policy over recorded frames (pure).

Consecutive frames are an attempt: a claim, then frames until the policy decides. Liveness is not
part of this (`evaluate-pad` measures it): every attempt here is judged as `not_required`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from edgeverify.comparison import Metric, score
from edgeverify.domain import (
    Claim,
    ClaimSource,
    Comparison,
    Decision,
    Embedding,
    Liveness,
    Observation,
    Outcome,
    Reason,
    Refusal,
)
from edgeverify.lockout import CLEAN
from edgeverify.policy import Moment, Subject, begin
from edgeverify.settings import DecisionSettings

_DAY = datetime(2026, 1, 1, tzinfo=timezone.utc)
_CARD = "0"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimedFrame:
    """One frame of a run: seconds from its begin, and either a refusal or an embedding."""

    at: float
    refusal: Refusal | None
    embedding: Embedding | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorPolicy:
    """What decides: the threshold, the metric, and the rules of the window."""

    threshold: float
    metric: Metric
    decision: DecisionSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One transaction. `seconds` from the claim to the decision; `compared` frames of `frames`."""

    granted: bool
    reason: Reason
    frames: int
    compared: int
    seconds: float


def attempts(
    frames: Sequence[TimedFrame], reference: Embedding, policy: DoorPolicy
) -> tuple[Attempt, ...]:
    """Let a run stand before the door, claim after claim.

    The first always counts, even if the footage ends before the time-out (then as the policy
    decides at its end); a later one begins only where footage for a whole transaction is left
    (`timeout_seconds`, or `max_comparisons` frames), so that no attempt is cut off.
    """
    made: list[Attempt] = []
    start = 0
    while start < len(frames) and (not made or _is_whole(frames, start, policy.decision)):
        attempt, start = _attempt(frames, start, reference, policy)
        made.append(attempt)
    return tuple(made)


def _is_whole(frames: Sequence[TimedFrame], start: int, rules: DecisionSettings) -> bool:
    left = len(frames) - start
    seconds = frames[-1].at - frames[start].at
    return left >= rules.max_comparisons or seconds >= rules.timeout_seconds


def _attempt(
    frames: Sequence[TimedFrame], start: int, reference: Embedding, policy: DoorPolicy
) -> tuple[Attempt, int]:
    claimed_at = frames[start].at - 1e-6
    transaction = begin(
        Claim(
            id="evaluation",
            card=_CARD,
            issued_at=_DAY,
            received_at=claimed_at,
            source=ClaimSource(name="evaluation", is_card_reader=True),
        ),
        Subject(cards=frozenset({_CARD})),
        policy.decision,
        lockout=CLEAN,
        now=Moment(monotonic=claimed_at, wall=_DAY),
        max_age_seconds=1.0,
    )
    if isinstance(transaction, Decision):
        raise TypeError(f"a fresh claim was denied: {transaction.reason.value}")
    for index in range(start, len(frames)):
        seen = _observation(frames[index], index, reference, policy)
        transaction = transaction.observe(seen, Liveness.NOT_REQUIRED)
        decision = transaction.decide(seen.at)
        if decision is not None:
            return _of(decision, start, index, frames), index + 1
    ended = transaction.decide(transaction.deadline + 1.0) or transaction.deny(
        Reason.INTERNAL_ERROR
    )
    return _of(ended, start, len(frames) - 1, frames), len(frames)


def _of(decision: Decision, start: int, last: int, frames: Sequence[TimedFrame]) -> Attempt:
    return Attempt(
        granted=decision.outcome is Outcome.GRANT,
        reason=decision.reason,
        frames=last - start + 1,
        compared=decision.comparisons,
        seconds=frames[last].at - frames[start].at,
    )


def _observation(
    frame: TimedFrame, index: int, reference: Embedding, policy: DoorPolicy
) -> Observation:
    comparison = None
    if frame.embedding is not None:
        value = score(frame.embedding, reference, policy.metric)
        comparison = Comparison(card=_CARD, score=value, threshold=policy.threshold)
    return Observation(
        frame_sequence=index, at=frame.at, refusal=frame.refusal, comparison=comparison
    )
