"""Pauses between attempts: random, growing, bounded."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from edgeverify.backoff import FULL_JITTER, Backoff


def spread(seed: int, longest: float = 20.0) -> Backoff:
    return Backoff(
        first_seconds=1.0, longest_seconds=longest, random=Random(seed), jitter=FULL_JITTER
    )


@given(st.integers(), st.floats(1, 300))
def test_no_pause_is_longer_than_the_config_allows(seed: int, longest: float) -> None:
    backoff = spread(seed, longest)
    pauses = [backoff.next_pause() for _ in range(40)]
    assert all(0 <= pause <= longest for pause in pauses)
    assert all(pause <= 2.0**number for number, pause in enumerate(pauses))


def test_after_a_connection_that_held_it_begins_anew() -> None:
    backoff = spread(1)
    for _ in range(10):
        backoff.next_pause()
    backoff.reset()
    assert backoff.next_pause() <= 1.0


def test_two_doors_do_not_come_back_together() -> None:
    pauses = {spread(door).next_pause() for door in range(50)}
    assert len(pauses) == 50


def test_without_chance_each_pause_is_twice_the_one_before() -> None:
    backoff = Backoff(first_seconds=5.0, longest_seconds=30.0)
    assert [backoff.next_pause() for _ in range(5)] == [5.0, 10.0, 20.0, 30.0, 30.0]


def test_one_pause_may_be_bounded_further_and_the_next_is_as_long_as_ever() -> None:
    backoff = Backoff(first_seconds=1.0, longest_seconds=30.0)
    assert [backoff.next_pause(), backoff.next_pause(0.5), backoff.next_pause()] == [1.0, 0.5, 4.0]


def test_after_years_of_attempts_it_still_waits_its_bound() -> None:
    backoff = Backoff(first_seconds=1.0, longest_seconds=20.0)
    assert {backoff.next_pause() for _ in range(5000)} == {1.0, 2.0, 4.0, 8.0, 16.0, 20.0}
