"""Recordings of somebody's actions, and a door that is shown one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from edgeverify.domain import Liveness, Observation
from edgeverify.liveness.actions import Action, Draw
from edgeverify.liveness.blink import BlinkDetector
from edgeverify.liveness.challenge import Challenge
from edgeverify.liveness.posture import Ahead
from edgeverify.settings.liveness import ChallengeSettings
from tests.liveness.actors import OPEN, Actor

SETTINGS = ChallengeSettings()
ALL_DRAWS = [
    draw
    for draw in itertools.product(Action, repeat=3)
    if draw[0] is not draw[1] and draw[1] is not draw[2]
]
STRAIGHT = Ahead(yaw_degrees=0.0, pitch_degrees=0.0)


def recorded(actions: Iterable[Action], pauses: Iterable[int]) -> list[Observation]:
    """A film of somebody who does these actions, with so many frames before each of them."""
    actor = Actor()
    for action, frames in zip(actions, pauses, strict=False):
        for _ in range(frames):
            actor.looks()
        actor.performs(action)
    for _ in range(30):
        actor.looks()
    return actor.seen


def shown(
    film: Sequence[Observation], draw: Draw, *, zero: Ahead = STRAIGHT, eyes: float = OPEN
) -> Liveness:
    """Show a film to a door that has drawn this; `zero` and `eyes` as the film's person looks."""
    begin = film[0].at
    blink = BlinkDetector(closing_ratio=SETTINGS.blink_ratio)
    for n in range(5):
        blink = blink.observe(begin - 1.0 + n / 10, eyes)
    state = Challenge(settings=SETTINGS, draws=(draw,), zero=zero, since=begin - 1e-3, blink=blink)
    for frame in film:
        state = state.observe(frame)
        if state.verdict is not Liveness.PENDING:
            break
    return state.verdict
