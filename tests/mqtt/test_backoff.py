"""Pauses between attempts: random, growing, bounded."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from edgeverify.mqtt.backoff import Backoff


@given(st.integers(), st.floats(1, 300))
def test_no_pause_is_longer_than_the_config_allows(seed: int, longest: float) -> None:
    backoff = Backoff(Random(seed), first_seconds=1.0, max_seconds=longest)
    pauses = [backoff.next_pause() for _ in range(40)]
    assert all(0 <= pause <= longest for pause in pauses)
    assert all(pause <= 2.0**number for number, pause in enumerate(pauses))


def test_after_a_connection_that_held_it_begins_anew() -> None:
    backoff = Backoff(Random(1), first_seconds=1.0, max_seconds=20.0)
    for _ in range(10):
        backoff.next_pause()
    backoff.reset()
    assert backoff.next_pause() <= 1.0


def test_two_doors_do_not_come_back_together() -> None:
    pauses = {
        Backoff(Random(n), first_seconds=1.0, max_seconds=20.0).next_pause() for n in range(50)
    }
    assert len(pauses) == 50
