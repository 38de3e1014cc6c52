"""A recording that is played to the door knows nothing of what the door will draw."""

from __future__ import annotations

import itertools
import random

from edgeverify.domain import Liveness
from edgeverify.liveness.actions import Action, Draw
from tests.liveness.films import ALL_DRAWS, recorded, shown


def test_a_film_of_one_sequence_passes_at_most_its_own_draw() -> None:
    """Of the 36; and its own only where the pauses happen to fit as well.

    All 36 films, with random pauses: `python -m benchmarks.liveness_recordings`.
    """
    for actions in ALL_DRAWS[::6]:
        film = recorded(actions, itertools.repeat(20))
        passed = [
            draw
            for draw in ALL_DRAWS
            if shown(film, Draw(draw, (0.8, 0.8, 0.8))) is Liveness.PASSED
        ]
        assert passed == [actions]


def test_a_film_of_all_actions_in_a_loop_is_caught_by_what_was_not_asked() -> None:
    """docs/liveness.md, 'Recordings of the enrolled person': synthetic heads, any start."""
    source = random.Random(500)
    film = recorded(tuple(Action) * 6, itertools.repeat(12))
    passed = 0
    for _ in range(500):
        start = source.randrange(len(film) // 2)
        draw = Draw(source.choice(ALL_DRAWS), (source.uniform(0.4, 1.2),) * 3)
        passed += shown(film[start:], draw) is Liveness.PASSED

    assert passed <= 500 / 36, passed
