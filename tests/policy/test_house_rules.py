"""Anti-passback and followers over a year of synthetic people; properties of both."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from edgeverify.policy.house_rules import SecondPerson, is_inside
from edgeverify.settings import RuleSettings
from tests.policy.people import MORNING

HARD = RuleSettings(anti_passback="hard", anti_passback_hours=12)


@given(hours=st.integers(-10_000, 10_000))
def test_somebody_is_inside_for_at_most_the_hours_that_are_set(hours: int) -> None:
    since = MORNING - timedelta(hours=hours)
    assert is_inside(since, HARD, MORNING) == (0 <= hours < 12)
    assert not is_inside(since, RuleSettings(), MORNING)
    assert not is_inside(None, HARD, MORNING)


def test_a_year_of_people_who_come_go_and_forget_to_hold_up_their_card() -> None:
    """Nobody honest is shut out the next day, and a card that was passed back is."""
    rng = random.Random(2026)
    cards = [f"{number:04d}" for number in range(40)]
    inside: dict[str, datetime] = {}
    shut_out_honest = passed_back = caught = honest = forgot = 0
    for day in range(365):
        for card in cards:
            now = MORNING + timedelta(days=day, minutes=rng.uniform(0, 60))
            honest += 1
            shut_out_honest += is_inside(inside.get(card), HARD, now)
            inside[card] = now
            if rng.random() < 0.02:
                passed_back += 1
                caught += is_inside(inside.get(card), HARD, now + timedelta(seconds=20))
            if rng.random() < 0.9:
                inside.pop(card)
            else:
                forgot += 1
    assert (honest, shut_out_honest) == (365 * 40, 0)
    assert forgot > 1_000
    assert caught == passed_back > 200


def _watch(seconds: float = 2.0) -> SecondPerson:
    return SecondPerson(event_id="e-1", card="0042", granted_at=100.0, seconds=seconds)


frames = st.lists(st.tuples(st.floats(90, 110), st.integers(0, 3), st.booleans()), max_size=40).map(
    lambda seen: sorted(seen, key=lambda frame: frame[0])
)


@given(frames)
def test_it_tells_only_of_others_within_its_seconds_and_once(
    seen: list[tuple[float, int, bool]],
) -> None:
    watch, told = _watch(), 0
    for at, faces, is_other in seen:
        before = watch.is_told
        watch = watch.observe(at, faces=faces, is_other=is_other)
        told += watch.is_told and not before
    inside = [one for one in seen if 100 < one[0] <= 102]
    crowd = any(faces > 1 for _, faces, _ in inside)
    strangers = sum(faces == 1 and is_other for _, faces, is_other in inside)
    assert told == (crowd or strangers >= 2)


def test_a_year_of_grants_where_one_in_twenty_is_followed() -> None:
    """A bad frame of whoever was let in (one in twenty does not match) is no follower."""
    rng = random.Random(7)
    false_alarms = missed = followed = 0
    for _ in range(12_000):
        is_followed = rng.random() < 0.05
        watch = _watch()
        for number in range(1, 21):
            crowd = is_followed and 8 <= number <= 12 and rng.random() < 0.8
            # Whoever was let in is through the door after a second, as a rule.
            is_there = number < 8
            other = is_there and rng.random() < 0.05
            watch = watch.observe(
                100 + number / 10, faces=2 if crowd else int(is_there), is_other=other
            )
        followed += is_followed
        missed += is_followed and not watch.is_told
        false_alarms += watch.is_told and not is_followed
    assert followed > 400
    assert missed / followed < 0.01
    assert false_alarms / 12_000 < 0.06
