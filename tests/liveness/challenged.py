"""A challenge, and people who do what it asks."""

from __future__ import annotations

from collections.abc import Iterable

from edgeverify.domain import Observation
from edgeverify.liveness.actions import Action, Draw
from edgeverify.liveness.blink import BlinkDetector
from edgeverify.liveness.challenge import Challenge, Phase
from edgeverify.liveness.posture import Ahead
from edgeverify.settings.liveness import ChallengeSettings
from tests.liveness.actors import OPEN, Actor

SETTINGS = ChallengeSettings()


BLINK_LEFT_NOD = (Action.BLINK, Action.TURN_LEFT, Action.NOD)


def challenge(
    *actions: Action, retries: tuple[Draw, ...] = (), settings: ChallengeSettings = SETTINGS
) -> Challenge:
    blink = BlinkDetector(closing_ratio=settings.blink_ratio)
    for n in range(5):
        blink = blink.observe(99.0 + n / 10, OPEN)
    return Challenge(
        settings=settings,
        draws=(Draw(actions, tuple(0.5 for _ in actions)), *retries),
        zero=Ahead(yaw_degrees=0.0, pitch_degrees=0.0),
        since=100.0,
        blink=blink,
    )


def watched(state: Challenge, frames: Iterable[Observation]) -> Challenge:
    for frame in frames:
        state = state.observe(frame)
    return state


def asked(state: Challenge, actor: Actor) -> Challenge:
    """Look ahead until the door asks, and for a moment of reaction."""
    for _ in range(60):
        state = state.observe(actor.looks())
        if state.phase in {Phase.ASKED, Phase.FAILED}:
            break
    return watched(state, [actor.looks() for _ in range(4)])


def obeyed(state: Challenge, actor: Actor, *actions: Action) -> Challenge:
    for action in actions:
        state = watched(asked(state, actor), actor.performs(action))
    return state
