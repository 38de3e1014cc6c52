"""Presentations at the whole door: gates, comparison, fused PAD and policy, as the daemon has it.

IAPAR (ISO/IEC 30107-3): the share of impostor attack presentations of an enrolled person that
are granted. The frames were scored before; this is pure.
"""

from __future__ import annotations

import random
from collections import Counter
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
    Observation,
    Outcome,
    Reason,
)
from edgeverify.evaluation.attacks.rates import Share
from edgeverify.evaluation.attacks.scores import ScoredFrame, ScoredRun
from edgeverify.liveness import Judge, JudgeRules, seconds_needed
from edgeverify.lockout import CLEAN
from edgeverify.policy import Moment, Subject, Transaction, begin
from edgeverify.settings.decision import DecisionSettings

_DAY = datetime(2026, 1, 1, tzinfo=timezone.utc)
_SOURCE = ClaimSource(name="evaluation", is_card_reader=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorRules:
    """The door that the presentations stand before."""

    threshold: float
    metric: Metric
    decision: DecisionSettings
    judge: JudgeRules


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorResult:
    """What one presentation came to, over all transactions that fit into it.

    `was_presented` says that enough frames passed the gates to be decided on; `gates` counts the
    frames that each gate refused. A last transaction that the run's end cut short is not counted,
    unless it is the only one.
    """

    run: str
    species: str | None
    transactions: int
    granted: int
    was_presented: bool
    reasons: tuple[tuple[str, int], ...]
    gates: tuple[tuple[str, int], ...] = ()


def present(scored: ScoredRun, reference: Embedding, rules: DoorRules) -> DoorResult:
    """Let a run stand before the door, claiming `reference`: claim after claim until it ends."""
    reasons: Counter[str] = Counter()
    start, decided, granted = 0, 0, 0
    while start < len(scored.frames):
        decision, is_whole, start = _transaction(scored.frames, start, reference, rules)
        if decided and not is_whole:
            break
        decided += 1
        granted += decision.outcome is Outcome.GRANT
        reasons[decision.reason.value] += 1
    refused = Counter(f.refusal.gate.value for f in scored.frames if f.refusal is not None)
    compared = sum(frame.embedding is not None for frame in scored.frames)
    return DoorResult(
        run=scored.run.name,
        species=scored.species,
        transactions=decided,
        granted=granted,
        was_presented=compared >= rules.decision.required_matches,
        reasons=tuple(sorted(reasons.items())),
        gates=tuple(refused.most_common()),
    )


def begun_at_every_frame(
    scored: ScoredRun, reference: Embedding, rules: DoorRules
) -> tuple[tuple[str, int], ...]:
    """Count the reasons of transactions that begin at each frame in turn, most frequent first.

    They overlap, so they are not independent presentations; they show whom the moment of the claim
    harms. Those that the run's end cut short are left out.
    """
    reasons: Counter[str] = Counter()
    for start in range(len(scored.frames)):
        decision, is_whole, _ = _transaction(scored.frames, start, reference, rules)
        if is_whole:
            reasons[decision.reason.value] += 1
    return tuple(reasons.most_common())


def iapar(results: Sequence[DoorResult], *, only_presented: bool) -> Share:
    """Count the runs granted at least once, over all of them or over those past the gates."""
    counted = [r for r in results if r.was_presented or not only_presented]
    return Share(
        errors=sum(result.granted > 0 for result in counted),
        count=len(counted),
        not_judged=len(results) - len(counted),
    )


def _transaction(
    frames: Sequence[ScoredFrame], start: int, reference: Embedding, rules: DoorRules
) -> tuple[Decision, bool, int]:
    """Return the decision, whether the run lasted until it was made, and where the next begins."""
    claimed_at = frames[start].at - 1e-6
    claim = Claim(id="evaluation", card="0", issued_at=_DAY, received_at=claimed_at, source=_SOURCE)
    transaction = begin(
        claim,
        Subject(cards=frozenset({"0"})),
        rules.decision,
        lockout=CLEAN,
        now=Moment(monotonic=claimed_at, wall=_DAY),
        max_age_seconds=1.0,
        liveness_seconds=seconds_needed(rules.judge.plan, rules.judge.challenge, rules.judge.pad),
    )
    if isinstance(transaction, Decision):
        return transaction, True, len(frames)
    judge = Judge(rules.judge, claim_id=claim.id, since=claimed_at, source=random.Random(0))  # noqa: S311 - a passive plan draws nothing
    for index in range(start, len(frames)):
        observation = _observation(frames[index], index, reference, rules)
        transaction = transaction.observe(observation, judge.observe(observation))
        decision = transaction.decide(observation.at)
        if decision is not None:
            return decision, True, index + 1
    return _at_end(transaction), False, len(frames)


def _at_end(transaction: Transaction) -> Decision:
    late = transaction.deadline + 1.0
    return transaction.decide(late) or transaction.deny(Reason.INTERNAL_ERROR)


def _observation(
    frame: ScoredFrame, index: int, reference: Embedding, rules: DoorRules
) -> Observation:
    comparison = None
    if frame.embedding is not None:
        value = score(frame.embedding, reference, rules.metric)
        comparison = Comparison(card="0", score=value, threshold=rules.threshold)
    return Observation(
        frame_sequence=index,
        at=frame.at,
        refusal=frame.refusal,
        comparison=comparison,
        cues=frame.cues,
    )
