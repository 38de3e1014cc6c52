"""A recording that is played to the door knows nothing of what the door will draw."""

from __future__ import annotations

import itertools
import random

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


def recorded(actions: tuple[Action, ...], pause_frames: int) -> list[Observation]:
    """A film of somebody who does these actions with pauses in between."""
    actor = Actor()
    for action in actions:
        for _ in range(pause_frames):
            actor.looks()
        actor.performs(action)
    for _ in range(30):
        actor.looks()
    return actor.seen


def shown(film: list[Observation], draw: Draw) -> Liveness:
    blink = BlinkDetector(closing_ratio=SETTINGS.blink_ratio)
    for n in range(5):
        blink = blink.observe(99.0 + n / 10, OPEN)
    state = Challenge(
        settings=SETTINGS,
        draws=(draw,),
        zero=Ahead(yaw_degrees=0.0, pitch_degrees=0.0),
        since=film[0].at - 1e-3,
        blink=blink,
    )
    for frame in film:
        state = state.observe(frame)
    return state.verdict


def test_a_film_of_one_sequence_passes_at_most_its_own_draw() -> None:
    """Of the 36; and its own only where the pauses happen to fit as well."""
    for actions in ALL_DRAWS[::5]:
        film = recorded(actions, pause_frames=20)
        passed = [
            draw
            for draw in ALL_DRAWS
            if shown(film, Draw(draw, (0.8, 0.8, 0.8))) is Liveness.PASSED
        ]
        assert passed == [actions]


def test_a_film_of_all_actions_in_a_loop_is_caught_by_what_was_not_asked() -> None:
    """docs/liveness.md, 'A long recording': here with synthetic heads, any start, 500 draws."""
    source = random.Random(500)
    film = recorded(tuple(Action) * 6, pause_frames=12)
    passed = 0
    for _ in range(500):
        start = source.randrange(len(film) // 2)
        draw = Draw(source.choice(ALL_DRAWS), (source.uniform(0.4, 1.2),) * 3)
        passed += shown(film[start:], draw) is Liveness.PASSED

    assert passed <= 500 / 36, passed
