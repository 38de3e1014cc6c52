"""Judge and policy together: from a claim to the decision, and all that is asked in between."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest

from edgeverify.claims import MQTT
from edgeverify.domain import Claim, Decision, Observation, Reason
from edgeverify.liveness import Judge, JudgeRules, LivenessPlan, seconds_needed
from edgeverify.liveness.actions import Action
from edgeverify.lockout import CLEAN
from edgeverify.policy import Moment, Subject, Transaction, begin
from edgeverify.settings.decision import DecisionSettings
from edgeverify.settings.liveness import ChallengeSettings, PadSettings
from tests.liveness.actors import Actor
from tests.policy.people import MORNING

ACTIONS = {action.value for action in Action}
CHALLENGE = LivenessPlan(passive=False, challenge=True)
BOTH = LivenessPlan(passive=True, challenge=True)
Person = Callable[[Actor, str], Iterable[Observation]]


def visit(plan: LivenessPlan, person: Person, *, seed: int = 4) -> Decision:
    """`person` gives the frames that follow a prompt (or "" while nothing is asked)."""
    settings, challenge = DecisionSettings(), ChallengeSettings()
    claim = Claim(id="c", card="0042", issued_at=MORNING, received_at=100.0, source=MQTT)
    transaction = begin(
        claim,
        Subject(cards=frozenset({"0042"})),
        settings,
        lockout=CLEAN,
        now=Moment(monotonic=100.0, wall=MORNING),
        max_age_seconds=10.0,
        liveness_seconds=seconds_needed(plan, challenge, PadSettings()),
    )
    assert isinstance(transaction, Transaction)
    rules = JudgeRules(
        plan=plan,
        pad=PadSettings(),
        pad_threshold=0.5,
        challenge=challenge,
        required_matches=settings.required_matches,
    )
    judge = Judge(rules, claim_id="c", since=100.0, source=random.Random(seed))
    actor = Actor()
    while True:
        asked = [prompt.kind for prompt in judge.prompts() if prompt.kind in ACTIONS]
        for frame in person(actor, asked[-1] if asked else ""):
            transaction = transaction.observe(frame, judge.observe(frame))
            decision = transaction.decide(frame.at)
            if decision is not None:
                return decision


def anna(actor: Actor, asked: str) -> list[Observation]:
    """Does what she is asked to, a third of a second later."""
    if not asked:
        return [actor.looks()]
    return [actor.looks() for _ in range(5)] + actor.performs(Action(asked))


@pytest.mark.parametrize("plan", [CHALLENGE, BOTH])
@pytest.mark.parametrize("seed", range(6))
def test_anna_is_let_in_after_three_steps(plan: LivenessPlan, seed: int) -> None:
    decision = visit(plan, anna, seed=seed)

    assert decision.reason is Reason.MATCH
    assert decision.comparisons > 15, "compared all along, beyond the ordinary fifteen"


def test_a_photo_in_the_hand_answers_nothing() -> None:
    def photo(actor: Actor, _: str) -> list[Observation]:
        return [actor.looks(live=0.0)]

    assert visit(CHALLENGE, photo).reason is Reason.CHALLENGE_FAILED
    assert visit(BOTH, photo).reason is Reason.PRESENTATION_ATTACK


def test_a_stranger_is_never_asked_anything() -> None:
    heard: list[str] = []

    def stranger(actor: Actor, asked: str) -> list[Observation]:
        heard.append(asked)
        return [actor.looks(score=0.1)]

    assert visit(CHALLENGE, stranger).reason is Reason.NON_MATCH
    assert set(heard) == {""}


def test_anna_walks_away_in_the_middle() -> None:
    def leaves(actor: Actor, asked: str) -> list[Observation]:
        return [actor.is_away() for _ in range(20)] if asked else [actor.looks()]

    assert visit(CHALLENGE, leaves).reason is Reason.CHALLENGE_FAILED


def test_the_camera_is_too_slow_for_a_challenge() -> None:
    def slow(actor: Actor, _: str) -> list[Observation]:
        actor.rate = 6.0
        return [actor.looks()]

    assert visit(CHALLENGE, slow).reason is Reason.LIVENESS_UNAVAILABLE


def test_bert_takes_annas_place_after_the_second_step() -> None:
    steps: list[str] = []

    def swapped(actor: Actor, asked: str) -> list[Observation]:
        if not asked:
            return [actor.looks(score=0.8 if len(steps) < 2 else 0.1)]
        steps.append(asked)
        return anna(actor, asked)

    assert visit(CHALLENGE, swapped).reason is Reason.CHALLENGE_FAILED
