"""How the door stands: stories of people at a door with a contact, and at one without."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.events import LockState
from edgeverify.lock.passage import Order, Passage, Release, Rest, Rules

RULES = Rules(
    pulse_seconds=5.0,
    held_open_seconds=30.0,
    relock_when_opened=True,
    exit_releases=True,
)


class _Door:
    """A door whose relay does what it is told at once; `states` has each new state once."""

    def __init__(self, rules: Rules = RULES, *, has_contact: bool = True) -> None:
        self.passage = Passage(rules)
        self.now = 100.0
        self.locks_at: float | None = None
        self.states: list[str] = []
        self.take(self.passage.relay_rests(self.now))
        if has_contact:
            self.closes()

    def take(self, order: Order) -> None:
        if isinstance(order, Release):
            self.locks_at = self.now + order.seconds
            self.passage.relay_released(self.now)
        elif isinstance(order, Rest):
            self._locks()
        state = self.passage.state.value
        if self.states[-1:] != [state]:
            self.states.append(state)

    def grant(self) -> None:
        self.take(self.passage.granted("e-1"))

    def button(self) -> None:
        self.take(self.passage.exit_pressed(self.now))

    def opens(self) -> None:
        self.take(self.passage.contact(True, self.now))  # noqa: FBT003

    def closes(self) -> None:
        self.take(self.passage.contact(False, self.now))  # noqa: FBT003

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += 0.25
            if self.locks_at is not None and self.now >= self.locks_at:
                self._locks()
            self.take(self.passage.look(self.now))

    def _locks(self) -> None:
        self.locks_at = None
        self.passage.relay_rests(self.now)


def test_somebody_comes_in() -> None:
    door = _Door()
    door.grant()
    assert door.passage.event_id == "e-1"
    door.wait(1)
    door.opens()
    assert not door.passage.is_released, "it locks again as soon as it was opened"
    door.wait(3)
    door.closes()
    door.wait(10)
    assert door.states == ["locked", "open", "locked"]


def test_somebody_is_granted_and_walks_away() -> None:
    door = _Door()
    door.grant()
    door.wait(10)
    assert door.states == ["locked", "open", "granted_not_opened"]
    door.grant()
    door.opens()
    door.closes()
    assert door.states[-2:] == ["open", "locked"]


def test_somebody_pulls_just_as_the_release_ends() -> None:
    door = _Door()
    door.grant()
    door.wait(5.5)
    door.opens()
    assert door.states == ["locked", "open", "granted_not_opened", "open"]


def test_the_door_is_forced() -> None:
    door = _Door()
    door.opens()
    door.wait(60)
    door.closes()
    assert door.states == ["locked", "forced", "locked"]


def test_somebody_goes_out_by_the_button() -> None:
    door = _Door()
    door.button()
    door.opens()
    door.closes()
    assert door.states == ["locked", "open", "opened_without_grant", "locked"]


def test_a_door_that_bounces_or_is_caught_as_it_closes_is_not_forced() -> None:
    door = _Door()
    door.grant()
    door.opens()
    door.wait(4)
    door.closes()
    door.wait(0.25)
    door.opens()
    assert (door.passage.state.value, door.passage.cause.value) == ("open", "grant")
    assert door.passage.event_id == "e-1"
    door.wait(31)
    assert door.states[-1] == "held_open"
    door.closes()
    door.wait(2)
    door.opens()
    assert door.states == ["locked", "open", "locked", "open", "held_open", "locked", "forced"]


def test_a_forced_door_stays_forced_however_it_bounces() -> None:
    door = _Door()
    door.opens()
    door.closes()
    door.wait(0.25)
    door.opens()
    assert door.states == ["locked", "forced", "locked", "forced"]


def test_a_handle_that_opens_mechanically_is_no_alarm_with_its_button() -> None:
    door = _Door(replace(RULES, exit_releases=False))
    door.button()
    assert not door.passage.is_released
    door.opens()
    assert door.states == ["locked", "opened_without_grant"]
    door.closes()
    door.wait(10)
    door.opens()
    assert door.states[-1] == "forced"


def test_a_door_propped_open_is_told_once_it_has_been_too_long() -> None:
    door = _Door()
    door.grant()
    door.opens()
    door.wait(29)
    assert door.states[-1] == "open"
    door.wait(2)
    assert door.states[-1] == "held_open"
    door.closes()
    assert door.states[-1] == "locked"


def test_a_grant_at_a_door_that_is_held_open_begins_its_time_anew() -> None:
    door = _Door()
    door.grant()
    door.opens()
    door.wait(31)
    door.grant()
    assert door.states[-1] == "open"
    door.wait(29)
    assert door.states[-1] == "open"
    door.wait(2)
    assert door.states[-1] == "held_open"


def test_without_a_contact_only_the_relay_is_known() -> None:
    door = _Door(has_contact=False)
    door.grant()
    door.wait(10)
    door.button()
    door.wait(10)
    assert door.states == ["locked", "open", "locked", "open", "locked"]


def test_a_contact_whose_wire_breaks_is_no_forced_door() -> None:
    door = _Door()
    door.take(door.passage.contact(None, door.now))
    assert door.passage.is_open is None
    door.opens()
    assert door.states[-1] == "open", "nobody knows who opened it"
    assert "forced" not in door.states


def test_a_door_that_stands_open_when_the_program_starts_is_not_called_locked() -> None:
    passage = Passage(RULES)
    passage.contact(True, 100.0)  # noqa: FBT003
    assert passage.state is LockState.UNKNOWN
    passage.relay_rests(100.5)
    assert passage.state is LockState.OPEN


ACTS = ("grant", "button", "opens", "closes", "wait 1", "wait 7", "wait 40")


@given(st.lists(st.sampled_from(ACTS), max_size=40))
def test_nothing_releases_the_door_but_a_grant_or_the_button(acts: list[str]) -> None:
    door = _Door()
    asked_at = float("-inf")
    for act in acts:
        word, _, seconds = act.partition(" ")
        if word in {"grant", "button"}:
            asked_at = door.now
        getattr(door, word)(*([float(seconds)] if seconds else []))
        if door.passage.is_released:
            assert door.now - asked_at <= RULES.pulse_seconds
        if door.passage.state is LockState.FORCED:
            assert door.passage.is_open
        if door.passage.state in {LockState.LOCKED, LockState.GRANTED_NOT_OPENED}:
            assert not door.passage.is_open
            assert not door.passage.is_released


@pytest.mark.parametrize("seconds", [0.2, 120.0])
def test_a_release_lasts_as_long_as_the_config_says(seconds: float) -> None:
    assert Passage(replace(RULES, pulse_seconds=seconds)).granted("e") == Release(seconds)


def test_a_door_that_an_operator_opened_stays_released_for_as_long_as_it_is_said() -> None:
    door = _Door()
    for _ in range(4):
        door.take(door.passage.opened(45, door.now))
        door.wait(15)
    assert door.passage.is_released
    door.opens()
    door.wait(40)
    assert door.passage.state is LockState.OPEN, "people come and go: it is not held open"
    door.closes()
    door.wait(10)
    assert not door.passage.is_released, "nobody said it again"
    assert door.states == ["locked", "open", "locked"]


def test_a_grant_does_not_shorten_what_an_operator_opened() -> None:
    door = _Door()
    door.take(door.passage.opened(45, door.now))
    door.wait(1)
    door.grant()
    door.wait(10)
    door.opens()
    door.closes()
    assert door.passage.is_released, "it does not lock again as after a grant"
    door.take(door.passage.opened(0, door.now))
    assert not door.passage.is_released
    door.grant()
    door.wait(6)
    assert not door.passage.is_released, "a grant releases for its pulse alone again"


def test_a_door_that_is_not_open_is_not_locked_by_the_news_that_it_is_not() -> None:
    door = _Door()
    door.grant()
    assert door.passage.opened(0, door.now) is None
    assert door.passage.is_released


@pytest.mark.parametrize("seconds", [2, 40])
def test_a_door_that_was_closed_while_its_contact_could_not_be_read_is_locked(seconds: int) -> None:
    door = _Door()
    door.wait(2)
    door.opens()
    door.wait(seconds)
    door.take(door.passage.contact(None, door.now))
    assert door.states[-1] == "forced", "it may stand open still"
    door.closes()
    assert door.states[-1] == "locked"
    door.wait(2)
    door.grant()
    door.opens()
    door.wait(40)
    assert door.states[-1] == "held_open"
    door.take(door.passage.contact(None, door.now))
    door.closes()
    assert door.states[-1] == "locked"


def test_a_contact_that_comes_back_closed_hides_no_grant_that_nobody_used() -> None:
    door = _Door()
    door.grant()
    door.wait(6)
    door.take(door.passage.contact(None, door.now))
    door.closes()
    assert door.states[-1] == "granted_not_opened"
