"""What is drawn: steps that nobody can foresee, each as likely as any other."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

from edgeverify.liveness.actions import Action, draw_challenge
from edgeverify.settings.liveness import ChallengeSettings

SETTINGS = ChallengeSettings()


def test_thirty_six_draws_all_equally_likely_and_none_twice_in_a_row() -> None:
    source = random.Random(36)
    drawn = Counter(draw_challenge(SETTINGS, source).actions for _ in range(36_000))

    assert len(drawn) == 36
    assert all(a is not b and b is not c for a, b, c in drawn)
    assert all(850 < count < 1150 for count in drawn.values())


def test_pauses_are_drawn_between_their_limits() -> None:
    source = random.Random(1)
    delays = [d for _ in range(500) for d in draw_challenge(SETTINGS, source).delays]

    assert SETTINGS.min_delay_seconds <= min(delays) < 0.5
    assert 1.1 < max(delays) <= SETTINGS.max_delay_seconds


def test_another_action_stands_by_for_each_blink_and_for_nothing_else() -> None:
    source = random.Random(8)
    instead = set()
    for _ in range(2_000):
        draw = draw_challenge(SETTINGS, source)
        spare = draw.without_blinks()
        assert Action.BLINK not in spare.actions
        assert all(one is not other for one, other in pairwise(spare.actions))
        kept = zip(draw.actions, spare.actions, strict=True)
        assert all(was is now for was, now in kept if was is not Action.BLINK)
        assert spare.delays == draw.delays
        assert spare.instead == ()
        instead.add(spare.actions)

    assert len(instead) == 12
