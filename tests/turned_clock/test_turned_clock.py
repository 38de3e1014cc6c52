"""A running daemon whose wall clock is turned: the rules hold, and no number comes twice."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import pytest

from edgeverify.daemon.timekeeping import DOUBT_FACT
from edgeverify.demo.scenes import OWNER_CARD
from edgeverify.domain import Outcome, Reason
from edgeverify.events import DecisionPayload
from edgeverify.journal.reading import recent
from edgeverify.status_socket import ask
from tests.soak.conftest import props
from tests.soak.props import EMPTY, OWNER, Props
from tests.soak.traffic import OUT_OF_TIME, Witness
from tests.soak.world import THRESHOLD, World, world
from tests.turned_clock.turning import PROGRAM, TurnedClock
from tests.waiting import patience, until

__all__ = ["props"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MOMENT = timedelta(0)
HOUR = timedelta(hours=1)
TIMEOUT_SECONDS = 10.0
"""Long enough that an attempt is still going on when the clock was turned."""
TEN_YEARS = timedelta(days=3652)
GRANT = (Outcome.GRANT, Reason.MATCH)
UNSYNCED = (Outcome.DENY, Reason.CLOCK_UNSYNCED)


class Door:
    """A daemon, its turned clock, and a reader whose clock is the daemon's."""

    def __init__(self, world: World, clock: TurnedClock, witness: Witness) -> None:
        self.world = world
        self.clock = clock
        self.witness = witness

    def claim(self) -> str:
        return self.witness.claim(OWNER_CARD, issued_at=self.clock.now())

    def decision(self, claim: str) -> DecisionPayload:
        """Wait for what was decided; history tells it where no live event may be sent."""

        def found() -> list[DecisionPayload]:
            heard = [each.decision for each in self.witness.history]
            return [decision for decision in heard if decision.claim_id == claim]

        until(lambda: bool(found()), "a decision")
        return found()[0]

    def ask(self) -> tuple[Outcome, Reason | str]:
        """Claim and hear the decision; again where too few frames came, on a busy machine."""
        while True:
            decision = self.decision(self.claim())
            assert abs(decision.issued_at - self.clock.now()) < timedelta(seconds=patience(30))
            if decision.reason not in OUT_OF_TIME:
                return decision.outcome, decision.reason

    def doubts(self) -> bool:
        with closing(sqlite3.connect(self.world.journal)) as journal:
            found = journal.execute("SELECT value FROM facts WHERE name = ?", (DOUBT_FACT,))
            return bool((found.fetchone() or ("",))[0])

    def is_named(self) -> bool:
        return "clock_unsynced" in self.world.reasons()


@pytest.fixture
def clock(tmp_path: Path) -> TurnedClock:
    return TurnedClock(tmp_path)


@pytest.fixture
def door(tmp_path: Path, props: Props, clock: TurnedClock) -> Iterator[Door]:
    """A door that may not go on with an unsynchronised clock; the test starts it."""
    folder = tmp_path / "world"
    folder.mkdir()
    strict = {"allow_unsynced": False}
    patient = {"threshold": THRESHOLD, "timeout_seconds": TIMEOUT_SECONDS}
    with (
        world(
            folder, props, environ=clock.environ, program=PROGRAM, clock=strict, decision=patient
        ) as made,
        Witness(made.broker.port) as witness,
    ):
        yield Door(made, clock, witness)
        rising = [row.sequence for row in reversed(recent(made.journal, limit=100))]
        assert len(rising) >= 3
        assert all(before < after for before, after in pairwise(rising))
        assert all(before < after for before, after in pairwise(_once(witness)))


def _once(witness: Witness) -> list[int]:
    """Sequences in the order in which their events were first heard."""
    return list(dict.fromkeys(heard.decision.sequence for heard in witness.history))


def test_a_leap_forward_denies_and_leaves_no_mark(door: Door) -> None:
    """A false time server, ten years ahead: nobody comes in, also after a restart of the daemon.

    The way back denies nobody: the floor stayed. A person may confirm a leap, and go back as well.
    """
    door.world.start()
    assert door.ask() == GRANT
    door.clock.turn(TEN_YEARS)
    until(door.is_named, "clock_unsynced in the status")
    assert door.ask() == UNSYNCED
    door.world.kill()
    door.world.start()
    assert door.ask() == UNSYNCED
    door.clock.turn(MOMENT)
    until(lambda: not door.is_named(), "the clock to be believed")
    assert door.ask() == GRANT
    assert door.ask() == GRANT
    door.clock.turn(TEN_YEARS)
    until(door.is_named, "clock_unsynced in the status")
    ask(door.world.state, "clock-accept", user="a test")
    until(lambda: not door.is_named(), "the clock to be accepted")
    assert door.ask() == GRANT


def test_an_hour_is_believed_and_the_way_back_denies_until_somebody_accepts_it(door: Door) -> None:
    """What was written down at the later time is a floor."""
    door.world.start()
    assert door.ask() == GRANT
    door.clock.turn(HOUR - timedelta(minutes=1))
    assert door.ask() == GRANT
    door.clock.turn(MOMENT)
    until(door.is_named, "clock_unsynced in the status", 2.0)
    assert door.ask() == UNSYNCED
    ask(door.world.state, "clock-accept", user="a test")
    until(lambda: not door.is_named(), "the clock to be accepted", 2.0)
    assert door.ask() == GRANT


def test_the_clock_is_turned_while_somebody_stands_at_the_door(door: Door) -> None:
    """Either way it ends in a denial, and when it should."""
    door.world.start()
    assert door.ask() == GRANT
    for turned, expected in ((TEN_YEARS, UNSYNCED), (-HOUR, UNSYNCED)):
        door.clock.turn(MOMENT)
        until(lambda: not door.is_named(), "a clock that is believed", 2.0)
        door.world.camera.show(EMPTY)
        time.sleep(1.0)
        claim = door.claim()
        time.sleep(1.0)
        door.clock.turn(turned)
        time.sleep(0.3)
        door.world.camera.show(OWNER)
        decision = door.decision(claim)
        assert (decision.outcome, decision.reason) == expected
    door.clock.turn(MOMENT)
    until(lambda: not door.is_named(), "a clock that is believed", 2.0)
    door.world.camera.show(EMPTY)
    time.sleep(1.0)
    began = time.monotonic()
    claim = door.claim()
    time.sleep(1.0)
    door.clock.turn(HOUR - timedelta(minutes=1))
    assert door.decision(claim).outcome is Outcome.DENY
    waited = time.monotonic() - began
    assert waited >= TIMEOUT_SECONDS, "the time-out is on the monotonic clock"


def test_without_a_clock_nobody_comes_in_until_it_is_set(door: Door) -> None:
    """A new door in 1970: what needs the hour waits for the time server, the rest works."""
    door.clock.turn(_until_1970())
    door.clock.synchronise(is_synchronised=False)
    door.world.start()
    assert door.is_named()
    assert door.ask() == UNSYNCED
    assert door.ask() == UNSYNCED
    door.clock.turn(MOMENT)
    door.clock.synchronise()
    until(lambda: not door.is_named(), "a clock that is believed", 2.0)
    assert door.ask() == GRANT
    assert door.ask() == GRANT


def test_a_door_that_boots_in_1970_remembers_that_it_was_later(door: Door) -> None:
    """After a power cut, without a battery; not even the kernel's word is enough then."""
    door.world.start()
    assert door.ask() == GRANT
    door.world.kill()
    door.clock.boot()
    door.clock.turn(_until_1970())
    door.clock.synchronise(is_synchronised=False)
    door.world.start()
    assert door.is_named()
    assert door.ask() == UNSYNCED
    door.clock.synchronise()
    assert door.ask() == UNSYNCED
    door.clock.turn(MOMENT)
    until(lambda: not door.is_named(), "a clock that is believed", 2.0)
    assert door.ask() == GRANT


def test_after_a_leap_the_battery_clock_is_no_witness_in_the_next_boot(door: Door) -> None:
    """A false time server, the kernel that copies its time, and a power cut."""
    door.world.start()
    assert door.ask() == GRANT
    door.clock.turn(TEN_YEARS)
    until(door.is_named, "clock_unsynced in the status")
    until(door.doubts, "the doubt to be written down")
    door.world.kill()
    door.clock.boot()
    door.clock.copy_into_battery()
    door.world.start()
    assert door.ask() == UNSYNCED
    assert door.ask() == UNSYNCED
    door.clock.turn(MOMENT)
    until(lambda: not door.is_named(), "a clock that is believed", 2.0)
    assert door.ask() == GRANT


def test_after_a_week_without_power_the_battery_clock_is_a_witness(door: Door) -> None:
    door.world.start()
    assert door.ask() == GRANT
    door.world.kill()
    door.clock.boot()
    door.clock.turn(timedelta(days=7))
    door.clock.copy_into_battery()
    door.world.start()
    assert door.ask() == GRANT
    assert door.ask() == GRANT


def _until_1970() -> timedelta:
    return datetime(1970, 1, 1, 0, 5, tzinfo=timezone.utc) - datetime.now(timezone.utc)
