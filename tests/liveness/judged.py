"""A judge of one transaction, and what it says after what was seen."""

from __future__ import annotations

import random
from collections.abc import Iterable

from edgeverify.domain import Liveness, Observation
from edgeverify.liveness import (
    Judge,
    JudgeRules,
    LivenessPlan,
)
from edgeverify.liveness.actions import Action
from edgeverify.settings.liveness import ChallengeSettings, PadSettings
from tests.liveness.actors import Actor

PASSIVE = LivenessPlan(passive=True, challenge=False)


CHALLENGE = LivenessPlan(passive=False, challenge=True)


BOTH = LivenessPlan(passive=True, challenge=True)


OFF = LivenessPlan(passive=False, challenge=False)


def judge(plan: LivenessPlan, *, seed: int = 1, retries: int = 0) -> Judge:
    rules = JudgeRules(
        plan=plan,
        pad=PadSettings(),
        pad_threshold=0.5,
        challenge=ChallengeSettings(retries=retries),
        required_matches=3,
    )
    return Judge(rules, claim_id="c-1", since=100.0, source=random.Random(seed))


def after(judge: Judge, frames: Iterable[Observation]) -> Liveness:
    verdict = Liveness.PENDING
    for frame in frames:
        verdict = judge.observe(frame)
    return verdict


def obeying(mine: Judge, actor: Actor, limit: int = 400) -> Liveness:
    """Do whatever the prompts say."""
    verdict = Liveness.PENDING
    for _ in range(limit):
        wanted = [p.kind for p in mine.prompts() if p.kind in {a.value for a in Action}]
        if wanted:
            after(mine, [actor.looks() for _ in range(4)])
            verdict = after(mine, actor.performs(Action(wanted[-1])))
        else:
            verdict = mine.observe(actor.looks())
        if verdict is not Liveness.PENDING:
            break
    return verdict
