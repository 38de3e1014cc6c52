"""Whole transactions over frames, decided by the door's own policy."""

from __future__ import annotations

import numpy as np
import pytest

from edgeverify.domain import Embedding, Gate, Reason, Refusal
from edgeverify.evaluation.transactions.attempts import Attempt, DoorPolicy, TimedFrame, attempts
from edgeverify.settings import DecisionSettings

SPACE = "ab" * 32
TOO_FAR = Refusal(reason=Reason.POOR_QUALITY, gate=Gate.TOO_FAR, hint="move closer")
POLICY = DoorPolicy(threshold=0.5, metric="cosine", decision=DecisionSettings())
REFERENCE = Embedding(values=np.array([1, 0], np.float32), embedding_space=SPACE)


def _run(*cosines: float | None, rate: float = 5.0) -> tuple[TimedFrame, ...]:
    """Frames by their cosine to the reference; None: refused by a gate."""
    frames = []
    for index, cosine in enumerate(cosines):
        embedding = None
        if cosine is not None:
            values = np.array([cosine, np.sqrt(1 - cosine**2)], np.float32)
            embedding = Embedding(values=values, embedding_space=SPACE)
        refusal = TOO_FAR if cosine is None else None
        frames.append(TimedFrame(at=(index + 1) / rate, refusal=refusal, embedding=embedding))
    return tuple(frames)


def test_three_matches_of_five_grant_and_the_next_attempt_needs_footage() -> None:
    (one,) = attempts(_run(0.9, 0.1, 0.9, 0.9), REFERENCE, POLICY)
    assert one == Attempt(
        granted=True, reason=Reason.MATCH, frames=4, compared=4, seconds=pytest.approx(0.6)
    )


def test_a_long_run_is_claim_after_claim() -> None:
    made = attempts(_run(*[0.9] * 40), REFERENCE, POLICY)
    # Three frames each; the last begins where 15 frames (max_comparisons) are still left.
    assert len(made) == 9
    assert all(attempt.granted for attempt in made)


def test_somebody_else_is_denied_after_fifteen_comparisons() -> None:
    made = attempts(_run(*[0.2] * 30), REFERENCE, POLICY)
    assert [(a.granted, a.reason, a.compared) for a in made] == [
        (False, Reason.NON_MATCH, 15),
        (False, Reason.NON_MATCH, 15),
    ]


def test_frames_that_the_gates_refuse_count_against_the_door() -> None:
    (one,) = attempts(_run(*[None] * 10), REFERENCE, POLICY)
    assert (one.granted, one.reason) == (False, Reason.POOR_QUALITY)


def test_the_mean_of_five_waits_for_five() -> None:
    rules = DecisionSettings(fusion="mean")
    mean = DoorPolicy(threshold=0.5, metric="cosine", decision=rules)
    (one,) = attempts(_run(0.9, 0.9, 0.4, 0.3, 0.4), REFERENCE, mean)
    assert (one.granted, one.compared) == (True, 5)
    (other,) = attempts(_run(0.9, 0.3, 0.4, 0.3, 0.4), REFERENCE, mean)
    assert not other.granted
