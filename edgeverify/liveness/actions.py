"""The four things that a person may be asked to do, and how they are drawn."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum

from edgeverify.settings.liveness import ChallengeSettings


class Action(str, Enum):
    """One step of a challenge; left and right are the person's own."""

    BLINK = "blink"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    NOD = "nod"


WORDS = {
    Action.BLINK: "blink once",
    Action.TURN_LEFT: "turn your head a little to your left",
    Action.TURN_RIGHT: "turn your head a little to your right",
    Action.NOD: "nod once",
}


@dataclass(frozen=True, slots=True)
class Draw:
    """What will be asked: the actions, and the pause in seconds before each of them."""

    actions: tuple[Action, ...]
    delays: tuple[float, ...]


def draw_challenge(settings: ChallengeSettings, source: random.Random) -> Draw:
    """Draw the steps, no action twice in a row: with three steps 4 * 3 * 3 = 36 equal chances.

    `source` must be unpredictable at a door (`random.SystemRandom`) and may be seeded in tests.
    """
    actions: list[Action] = []
    for _ in range(settings.steps):
        actions.append(source.choice([a for a in Action if not actions or a is not actions[-1]]))
    low, high = sorted((settings.min_delay_seconds, settings.max_delay_seconds))
    delays = tuple(source.uniform(low, high) for _ in actions)
    return Draw(tuple(actions), delays)
