"""Lock-down and open: what is obeyed, what is refused by name, and a year of both."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeverify.domain import Command, DoorMode
from edgeverify.errors import CommandRefusedError
from edgeverify.policy.mode import Rules, check, standing
from tests.policy.people import MORNING

RULES = Rules(door="front-door", last_sequence=6, longest_open=timedelta(hours=12))


def ordered(mode: DoorMode = DoorMode.LOCKDOWN, **changes: object) -> Command:
    command = Command(
        id="c-1",
        door="front-door",
        mode=mode,
        sequence=7,
        issued_at=MORNING,
        expires_at=MORNING + timedelta(seconds=30),
        until=MORNING + timedelta(hours=2) if mode is DoorMode.OPEN else None,
    )
    return replace(command, **changes)  # type: ignore[arg-type]


def refused(command: Command, *, now: datetime = MORNING, is_clock_trusted: bool = True) -> str:
    try:
        check(command, RULES, now=now, is_clock_trusted=is_clock_trusted)
    except CommandRefusedError as error:
        return error.name if error.command_id == command.id else "another command's id"
    return ""


@pytest.mark.parametrize("mode", list(DoorMode))
def test_an_operators_command_is_obeyed(mode: DoorMode) -> None:
    assert refused(ordered(mode)) == ""
    assert refused(ordered(mode), now=MORNING + timedelta(seconds=29)) == ""
    assert refused(ordered(mode), now=MORNING - timedelta(seconds=9)) == ""


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"door": "back-door"}, "other_door"),
        ({"issued_at": MORNING + timedelta(seconds=11)}, "future_dated"),
        ({"expires_at": MORNING}, "expired"),
        ({"expires_at": MORNING + timedelta(seconds=61)}, "lives_too_long"),
        ({"issued_at": MORNING - timedelta(seconds=31)}, "lives_too_long"),
        ({"sequence": 6}, "replayed"),
        ({"sequence": 1}, "replayed"),
    ],
)
@pytest.mark.parametrize("mode", list(DoorMode))
def test_what_is_not_as_it_should_be_is_refused_by_name(
    mode: DoorMode, changes: dict[str, object], name: str
) -> None:
    assert refused(ordered(mode, **changes)) == name


@pytest.mark.parametrize("mode", list(DoorMode))
def test_a_clock_that_was_not_set_refuses_every_command(mode: DoorMode) -> None:
    assert refused(ordered(mode), is_clock_trusted=False) == "clock_unsynced"


def test_a_door_is_opened_for_a_time_and_not_for_too_long() -> None:
    assert refused(ordered(DoorMode.OPEN, until=None)) == "no_end"
    too_long = MORNING + timedelta(hours=12, seconds=1)
    assert refused(ordered(DoorMode.OPEN, until=too_long)) == "open_too_long"


def stands(command: Command | None, now: datetime, *, trusted: bool = True, signed: bool = True):  # noqa: ANN201
    return standing(command, now=now, is_clock_trusted=trusted, is_signed=signed)


def test_open_ends_by_itself_without_a_clock_and_with_its_key() -> None:
    command = ordered(DoorMode.OPEN)
    assert stands(command, MORNING) is DoorMode.OPEN
    assert stands(command, MORNING + timedelta(hours=2)) is DoorMode.NORMAL
    assert stands(command, MORNING, trusted=False) is DoorMode.NORMAL
    assert stands(command, MORNING, signed=False) is DoorMode.NORMAL


def test_lock_down_stays_whatever_the_clock_and_the_keys_say() -> None:
    command = ordered(DoorMode.LOCKDOWN, until=MORNING + timedelta(hours=1))
    late = MORNING + timedelta(hours=2)
    assert stands(command, MORNING, trusted=False, signed=False) is DoorMode.LOCKDOWN
    assert stands(command, late, trusted=False) is DoorMode.LOCKDOWN
    assert stands(command, late) is DoorMode.NORMAL
    assert stands(ordered(DoorMode.LOCKDOWN), MORNING + timedelta(days=99)) is DoorMode.LOCKDOWN


@settings(max_examples=400)
@given(
    mode=st.sampled_from(DoorMode),
    # Around the limits: of wide ranges next to nothing is obeyed.
    age=st.floats(-15, 45),
    life=st.floats(-5, 75),
    sequence=st.integers(5, 10),
    door=st.sampled_from(["front-door", "front-door", "front-door", "back-door"]),
    trusted=st.sampled_from([True, True, True, False]),
    hours=st.none() | st.floats(-3, 20),
)
def test_nothing_but_a_fresh_new_command_for_this_door_is_ever_obeyed(
    mode: DoorMode,
    age: float,
    life: float,
    sequence: int,
    door: str,
    trusted: bool,  # noqa: FBT001
    hours: float | None,
) -> None:
    issued = MORNING - timedelta(seconds=age)
    command = Command(
        id="c",
        door=door,
        mode=mode,
        sequence=sequence,
        issued_at=issued,
        expires_at=issued + timedelta(seconds=life),
        until=None if hours is None else MORNING + timedelta(hours=hours),
    )
    if refused(command, is_clock_trusted=trusted) == "":
        assert trusted
        assert door == "front-door"
        assert sequence > RULES.last_sequence
        assert -10 <= age < life <= 60.000001
        assert mode is not DoorMode.OPEN or (hours is not None and hours <= 12)


def test_a_year_of_commands_replays_and_clock_faults() -> None:
    """Four operators' days; what an eavesdropper plays back is never obeyed a second time."""
    rng = random.Random(2026)
    now, last, current, heard = MORNING, 0, None, []
    obeyed = replays = opened_while_untrusted = 0
    for _ in range(8_760):
        now += timedelta(hours=1) + timedelta(seconds=rng.uniform(-100, 100))
        trusted = rng.random() > 0.02
        if rng.random() < 0.05:
            mode = rng.choice(list(DoorMode))
            command = Command(
                id=f"c-{now}",
                door="front-door",
                mode=mode,
                sequence=max(last + 1, int(now.timestamp() * 1000)),
                issued_at=now,
                expires_at=now + timedelta(seconds=30),
                until=now + timedelta(hours=rng.uniform(1, 11)) if mode is DoorMode.OPEN else None,
            )
            heard.append(command)
            attempts = [command, command]
        else:
            attempts = rng.sample(heard, 1) if heard else []
        for number, command in enumerate(attempts):
            rules = replace(RULES, last_sequence=last)
            try:
                check(command, rules, now=now, is_clock_trusted=trusted)
            except CommandRefusedError:
                replays += number or command is not heard[-1]
                continue
            assert (number, trusted) == (0, True)
            last, current, obeyed = command.sequence, command, obeyed + 1
        mode = standing(current, now=now, is_clock_trusted=trusted, is_signed=True)
        opened_while_untrusted += mode is DoorMode.OPEN and not trusted
        assert mode is not DoorMode.OPEN or (current and current.until and now < current.until)
    assert obeyed > 300
    assert replays > 5_000
    assert opened_while_untrusted == 0
