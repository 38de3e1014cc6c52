"""The door's loop: claims in, frames observed, decisions out. One thread, one claim at a time.

Thin by intent: comparing, judging and deciding are pure and live elsewhere. Whatever raises in
here ends in a denial (`fail`), never in a grant and never in a dead loop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from edgeverify.claims import TokenBucket
from edgeverify.daemon.camera_in_use import CameraInUse
from edgeverify.daemon.door.attempt import Attempt
from edgeverify.daemon.door.behind import Behind
from edgeverify.daemon.door.conditions import Conditions
from edgeverify.daemon.door.evidence import Evidence
from edgeverify.daemon.door.folds import Fold, Folds
from edgeverify.daemon.door.idle import Idle
from edgeverify.daemon.door.inbox import Inbox
from edgeverify.daemon.door.others import Others
from edgeverify.daemon.door.records import Records
from edgeverify.daemon.door.situation import Board, Situation, for_camera
from edgeverify.domain import Claim, Decision, Frame, Outcome, Prompt, Reason
from edgeverify.liveness import Judge, seconds_needed
from edgeverify.metrics import Metrics
from edgeverify.policy import begin
from edgeverify.verifier.pipeline import Pipeline

CLAIMS_A_TURN = 8
"""Each may cost a commit; more would hold up the frames, and the watchdog, in a flood."""

INTERRUPTIONS = (3.0, 0.1)
"""How many attempts may be ended by another card in a row, and how many a second after that.
Beyond it another card waits for its turn: two people and a wrong tap are not that many, and
whoever claims all day ends nobody's attempt."""
MAX_WAITING = 8

FRAME_PATIENCE_SECONDS = 0.2
"""How long one turn waits for a frame, so that time-outs and claims are seen in between."""


class Prompter(Protocol):
    """Whoever can ask something of the person at the door."""

    def publish_prompt(self, prompt: Prompt) -> None:
        """Show a hint or a challenge step; nobody may be listening."""


@dataclass(slots=True, eq=False, kw_only=True)
class Door:
    """One turn at a time; a thread calls `turn` for ever, a test as often as it likes."""

    board: Board
    camera: CameraInUse
    pipeline: Pipeline
    inbox: Inbox
    records: Records
    prompter: Prompter
    conditions: Conditions
    idle: Idle
    make_judge: Callable[[Situation, Claim], Judge]
    others: Others
    metrics: Metrics
    evidence: Evidence | None = None
    behind: Behind = field(init=False)
    attempt: Attempt | None = None
    last_sequence: int = 0
    is_changing: bool = False
    """A reload waits for the attempt to end: claims stay in the inbox."""
    folds: Folds = field(default_factory=Folds)
    interruptions: TokenBucket = field(default_factory=lambda: TokenBucket(*INTERRUPTIONS))
    waiting: deque[Claim] = field(default_factory=lambda: deque(maxlen=MAX_WAITING))
    """Claims for other cards whose turn comes when the attempt has ended."""

    def __post_init__(self) -> None:
        self.behind = Behind(self.records)

    def turn(self) -> tuple[Decision, ...]:
        """Take waiting claims, look at one frame, decide what can be decided."""
        decided = [*self._take_claims(), *self._write(self.folds.due(self.camera.now()))]
        if self.attempt is None:
            self._wait_for_somebody()
            return tuple(decided)
        frame = self._next_frame(FRAME_PATIENCE_SECONDS)
        if frame is not None:
            self._look(self.attempt, frame)
        decision = self._decision(self.attempt)
        if decision is not None:
            decided.append(self._end(self.attempt, decision))
        return tuple(decided)

    def fail(self, reason: Reason) -> tuple[Decision, ...]:
        """End a running transaction with a fault, after something raised."""
        if self.attempt is None:
            return ()
        attempt = self.attempt
        return (self._end(attempt, attempt.transaction.deny(reason)),)

    def _take_claims(self) -> tuple[Decision, ...]:
        decided: list[Decision] = []
        for _ in range(0 if self.is_changing else CLAIMS_A_TURN):
            is_free = self.attempt is None
            claim = self.waiting.popleft() if is_free and self.waiting else self.inbox.take()
            if claim is None:
                break
            claim = self.board.current.people.meant(claim)
            if self.attempt is not None and not claim.source.is_card_reader:
                continue  # somebody with a card came first
            try:
                decided += self._begin(claim)
            except Exception:
                denial = Decision(
                    claim_id=claim.id,
                    card=claim.card,
                    outcome=Outcome.DENY,
                    reason=Reason.INTERNAL_ERROR,
                )
                self._conclude(denial, claim, self.board.current, None)
                raise
        return tuple(decided)

    def _begin(self, claim: Claim) -> tuple[Decision, ...]:
        situation = for_camera(self.board.current, is_monochrome=self.conditions.is_monochrome())
        now = self.conditions.moment()
        subject = situation.people.subject(claim, now.wall)
        if self.conditions.is_locked_down():
            subject = replace(subject, refusal=Reason.LOCKED_DOWN)
        elif (
            subject.refusal is None
            and situation.settings.rules.anti_passback == "hard"
            and self.records.is_inside(claim.card, situation, now.wall)
        ):
            subject = replace(subject, refusal=Reason.ALREADY_INSIDE)
        begun = begin(
            claim,
            subject,
            situation.settings.decision,
            lockout=self.records.lockout(claim),
            now=now,
            max_age_seconds=situation.settings.claims.max_age_seconds,
            liveness_seconds=seconds_needed(
                situation.plan, situation.settings.challenge, situation.settings.pad
            ),
        )
        is_expired = isinstance(begun, Decision) and begun.reason is Reason.CLAIM_EXPIRED
        if self.attempt is not None and claim.card == self.attempt.claim.card and not is_expired:
            self.attempt.joined.append(claim)
            return ()
        if isinstance(begun, Decision):  # it needs no look, and so disturbs nobody's
            return self._deny_at_once(begun, claim, situation)
        decided: list[Decision] = []
        if self.attempt is not None:
            if not self.interruptions.take(now.monotonic):
                self._let_wait(claim)
                return ()
            superseded = self.attempt.transaction.deny(Reason.SUPERSEDED)
            decided.append(self._end(self.attempt, superseded))
        self.behind.stop()
        self.attempt = Attempt(
            situation=situation,
            transaction=begun,
            judge=self.make_judge(situation, claim),
            references=situation.people.proofs(subject),
        )
        return tuple(decided)

    def _let_wait(self, claim: Claim) -> None:
        if all(other.card != claim.card for other in self.waiting):
            self.waiting.append(claim)

    def _deny_at_once(
        self, decision: Decision, claim: Claim, situation: Situation
    ) -> tuple[Decision, ...]:
        now = self.camera.now()
        if not claim.source.is_card_reader:
            self.idle.rest(situation, now)  # the pause counts whatever the denial was for
        if self.folds.takes(decision, claim, situation, now):
            self.metrics.claim_refused("folded")
            return ()
        return (self._conclude(decision, claim, situation, None),)

    def finish(self) -> tuple[Decision, ...]:
        """Deny whoever is being looked at and write what was folded, because the door ends."""
        return (*self.fail(Reason.INTERNAL_ERROR), *self._write(self.folds.all()))

    def _write(self, folds: Iterable[Fold]) -> tuple[Decision, ...]:
        return tuple(
            self._conclude(fold.decision, fold.claim, fold.situation, fold) for fold in folds
        )

    def _next_frame(self, patience_seconds: float) -> Frame | None:
        frame = self.camera.latest(self.last_sequence, patience_seconds)
        if frame is not None:
            self.last_sequence = frame.sequence
        return frame

    def _look(self, attempt: Attempt, frame: Frame) -> None:
        if frame.captured_at <= attempt.claim.received_at:
            return
        situation = attempt.situation
        point = situation.point_for(attempt.claim.source)
        observation = self.pipeline.observe(frame, attempt.references, point)
        self.metrics.observed(observation)
        if self.evidence is not None:
            self.evidence.see(attempt, frame, has_face=observation.quality is not None)
        for prompt in attempt.see(observation):
            self.prompter.publish_prompt(prompt)

    def _decision(self, attempt: Attempt) -> Decision | None:
        now = self.camera.now()
        rate = attempt.rate(now)
        return attempt.decide(now, self.conditions.faults(attempt.situation, rate))

    def _end(self, attempt: Attempt, decision: Decision) -> Decision:
        self.idle.rest(attempt.situation, self.camera.now())
        concluded = self._conclude(decision, attempt.claim, attempt.situation, attempt)
        self.attempt = None  # only now: what raised before is denied by `fail`
        if self.evidence is not None and concluded.reason is not Reason.JOURNAL_UNAVAILABLE:
            self.evidence.conclude(attempt, concluded, self.records.last_event_id)
        if concluded.outcome is Outcome.GRANT:
            self.behind.granted(attempt, concluded.card, self.camera.now())
        if concluded.outcome is Outcome.GRANT and attempt.last_match is not None:
            self.others.note(
                attempt.situation,
                concluded.card,
                attempt.last_match,
                metric=self.pipeline.embedder.metric,
                at=self.conditions.moment().wall,
            )
        return concluded

    def _conclude(
        self,
        decision: Decision,
        claim: Claim,
        situation: Situation,
        seen: Attempt | Fold | None,
    ) -> Decision:
        seconds = max(0.0, self.camera.now() - claim.received_at)
        concluded = self.records.conclude(
            decision,
            claim=claim,
            situation=situation,
            now=self.conditions.moment().wall,
            floor=self.conditions.floor(),
            seen=seen,
            seconds=seconds,
        )
        self.metrics.decided(concluded, seconds)
        return concluded

    def _wait_for_somebody(self) -> None:
        """Keep the picture fresh; `fixed` and `walk_up` begin when a face is there."""
        if self.behind.is_watching:
            frame = self._next_frame(FRAME_PATIENCE_SECONDS)
            moment = self.conditions.moment()
            self.behind.look(frame, self.pipeline, now=moment.monotonic, at=moment.wall)
            return
        situation = self.board.current
        patience = self.idle.pause(situation, self.camera.now())
        self.inbox.wait(patience)
        if len(self.inbox):
            return
        if not self.idle.wants_to_look(situation, self.camera.now()):
            return
        frame = self._next_frame(0.0)
        if frame is None:
            return
        claim = self.idle.claim(frame, situation, self.pipeline)
        if claim is not None and not len(self.inbox):
            self.inbox.put(claim)
