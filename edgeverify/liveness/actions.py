"""The four things that a person may be asked to do, and how they are drawn."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from edgeverify.domain import Asked
from edgeverify.settings.liveness import ChallengeSettings


class Action(str, Enum):
    """One step of a challenge; left and right are the person's own."""

    BLINK = "blink"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    NOD = "nod"

    @property
    def request(self) -> Asked:
        """How it is asked of the person."""
        return Asked[self.name]


@dataclass(frozen=True, slots=True)
class Draw:
    """What will be asked: the actions, and the pause in seconds before each of them.

    `instead` is what is asked in the place of each action once a blink was asked for and not seen
    (eyes that are narrow, or behind glasses); empty: nothing, the challenge fails.
    """

    actions: tuple[Action, ...]
    delays: tuple[float, ...]
    instead: tuple[Action, ...] = ()

    def without_blinks(self) -> Draw:
        """Return the draw for somebody whose blinks are not seen; it has no second way out."""
        return Draw(self.instead, self.delays)


def draw_challenge(settings: ChallengeSettings, source: random.Random) -> Draw:
    """Draw the steps, no action twice in a row: with three steps 4 * 3 * 3 = 36 equal chances.

    `source` must be unpredictable at a door (`random.SystemRandom`) and may be seeded in tests.
    """
    actions: list[Action] = []
    for _ in range(settings.steps):
        actions.append(source.choice([a for a in Action if not actions or a is not actions[-1]]))
    low, high = sorted((settings.min_delay_seconds, settings.max_delay_seconds))
    delays = tuple(source.uniform(low, high) for _ in actions)
    return Draw(tuple(actions), delays, _instead(actions, source))


def _instead(actions: Sequence[Action], source: random.Random) -> tuple[Action, ...]:
    """Draw another action for each blink, none twice in a row; the others stay."""
    drawn: list[Action] = []
    for index, action in enumerate(actions):
        beside = {*drawn[-1:], *actions[index + 1 : index + 2], Action.BLINK}
        others = [other for other in Action if other not in beside]
        drawn.append(source.choice(others) if action is Action.BLINK else action)
    return tuple(drawn)
