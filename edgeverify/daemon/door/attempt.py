"""One transaction under way: the pure policy and judge, and what the journal will want to know.

Refused frames become one calm hint for the person: not every flicker, not every frame.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from edgeverify.daemon.door.situation import Situation
from edgeverify.domain import (
    Asked,
    Claim,
    Decision,
    Embedding,
    Observation,
    Prompt,
    Reason,
    Reference,
    RgbImage,
)
from edgeverify.journal import FrameRecord
from edgeverify.liveness import Judge
from edgeverify.liveness.judge import JudgeRules
from edgeverify.policy import Transaction

STEADY_FRAMES = 3
"""A hint is shown once this many frames in a row ask for the same."""
REPEAT_SECONDS = 2.0
KIND = "hint"


@dataclass(slots=True)
class Hints:
    """Made for every transaction."""

    claim_id: str
    _text: str = ""
    _count: int = 0
    _shown_at: float = float("-inf")

    def observe(self, observation: Observation) -> Prompt | None:
        """Take in one frame; return a hint when it is time to show one."""
        text = observation.refusal.hint if observation.refusal is not None else ""
        code = text.code if isinstance(text, Asked) else ""
        if text != self._text:
            self._text, self._count = text, 0
            self._shown_at = float("-inf")
        self._count += 1
        is_due = observation.at - self._shown_at >= REPEAT_SECONDS
        if not text or self._count < STEADY_FRAMES or not is_due:
            return None
        self._shown_at = observation.at
        return Prompt(
            claim_id=self.claim_id,
            kind=KIND,
            text=str(text),
            code=code,
            expires_in_seconds=REPEAT_SECONDS,
        )


MAX_FRAMES_KEPT = 600
"""A transaction of a minute at ten frames per second; more are counted, not kept."""


@dataclass(slots=True, eq=False)
class Attempt:
    """A claim being examined under the situation in which it began."""

    situation: Situation
    transaction: Transaction
    judge: Judge
    references: tuple[Reference, ...]
    joined: list[Claim] = field(default_factory=list)
    frames: list[FrameRecord] = field(default_factory=list)
    first_qualifying_at: float | None = None
    last_match: Embedding | None = None
    """The newest probe that matched; it goes with the attempt."""
    picture: RgbImage | None = None
    """For evidence, where it is kept; it goes with the attempt."""
    hints: Hints = field(init=False)

    def __post_init__(self) -> None:
        self.hints = Hints(self.claim.id)

    @property
    def claim(self) -> Claim:
        """The claim that began it."""
        return self.transaction.claim

    def see(self, observation: Observation) -> tuple[Prompt, ...]:
        """Take in one frame; return what is to be asked of the person now."""
        verdict = self.judge.observe(observation)
        self.transaction = self.transaction.observe(observation, verdict)
        if len(self.frames) < MAX_FRAMES_KEPT:
            self.frames.append(FrameRecord.of(observation, claimed_at=self.claim.received_at))
        if observation.comparison is not None and observation.comparison.is_match:
            self.last_match = observation.cues.embedding if observation.cues else None
        if observation.comparison is not None and self.first_qualifying_at is None:
            self.first_qualifying_at = observation.at
        asked = self.judge.prompts()
        hint = self.hints.observe(observation)
        language = self.situation.language_for(self.claim.card)
        said = asked if hint is None else (*asked, hint)
        return tuple(replace(prompt, language=language) for prompt in said)

    def decide(self, now: float, faults: Collection[Reason]) -> Decision | None:
        """Ask the policy; see `Transaction.decide`."""
        return self.transaction.decide(now, faults)

    def rate(self, now: float) -> float | None:
        """Return the frames per second since the claim; None while it is too early to tell."""
        elapsed = now - self.claim.received_at
        return self.transaction.frames / elapsed if elapsed >= 1.5 else None


def make_judge(situation: Situation, claim: Claim) -> Judge:
    """Make the liveness judge of one transaction; challenges are drawn by the system's chance."""
    settings = situation.settings
    rules = JudgeRules(
        plan=situation.plan,
        pad=settings.pad,
        pad_threshold=situation.pad_threshold,
        challenge=settings.challenge,
        required_matches=settings.decision.required_matches,
    )
    return Judge(rules, claim_id=claim.id, since=claim.received_at, source=random.SystemRandom())
