"""The daemon's small parts: what is degraded, whom a claim names, when to look, what to trust."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from edgeverify.claims import MQTT, WALK_UP
from edgeverify.clock import SETTLED_SECONDS, ClockReading
from edgeverify.daemon.door.inbox import CAPACITY, SAME_CARD, Inbox
from edgeverify.daemon.door.people import People
from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.reload.reload_thread import ReloadOutcome, Tickets
from edgeverify.daemon.signing_key import KeyRing
from edgeverify.daemon.status import DoorStatus
from edgeverify.daemon.timekeeping import Timekeeper
from edgeverify.domain import (
    Claim,
    ClaimSource,
    Degradation,
    Embedding,
    FaultName,
    Reason,
    Reference,
)
from edgeverify.references.loading import LoadedReferences
from edgeverify.settings import ClockSettings, HoursSettings, StaffEntry

MONDAY_NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)


def _claim(card: str, source: ClaimSource = MQTT) -> Claim:
    return Claim(id="c", card=card, issued_at=MONDAY_NOON, received_at=0.0, source=source)


def _people(*staff: StaffEntry, enrolled: tuple[str, ...]) -> People:
    embedding = Embedding(values=np.ones(4, dtype=np.float32), embedding_space="0" * 64)
    usable = {
        card: Reference(card=card, name=card, embedding=embedding, photo_count=1)
        for card in enrolled
    }
    return People.of("front-door", staff, LoadedReferences(usable=usable, unusable={}))


def _entry(card: str, **more: object) -> StaffEntry:
    return StaffEntry.model_validate({"card": card, "name": card, "photos": ["a.jpg"], **more})


def test_a_fault_is_news_when_it_comes_and_goes_not_when_its_figure_changes() -> None:
    board = FaultBoard()
    board.raise_fault(FaultName.CAMERA_STALLED, "for 2.1 s")
    assert board.take_change()
    board.raise_fault(FaultName.CAMERA_STALLED, "for 2.4 s")
    assert not board.take_change()
    board.clear(FaultName.CAMERA_STALLED)
    assert board.take_change()
    assert board.snapshot() == ()


def test_replacing_faults_of_one_part_leaves_the_others() -> None:
    board = FaultBoard()
    board.raise_fault(FaultName.BROKER_UNREACHABLE)
    board.raise_fault(FaultName.LIVENESS_OFF)
    board.replace("broker_", (Degradation(name=FaultName.BROKER_TLS),))
    assert {fault.name for fault in board.snapshot()} == {"broker_tls", "liveness_off"}


def test_whoever_asks_for_a_reload_hears_of_one_that_began_afterwards() -> None:
    tickets = Tickets()
    assert not tickets.begin()
    early = tickets.ask()
    assert tickets.begin()
    assert tickets.outcome(early) is None
    late = tickets.ask()  # the file may have changed after it was read
    tickets.end(ReloadOutcome(problem="a key is unknown"))
    tickets.end(ReloadOutcome())  # the thread's last word: too late to count
    assert tickets.outcome(early) == ReloadOutcome(problem="a key is unknown")
    assert tickets.outcome(late) is None
    assert tickets.begin()
    assert not tickets.begin()
    tickets.end(ReloadOutcome())
    assert tickets.outcome(late) == tickets.outcome(early) == ReloadOutcome()


def test_a_flood_of_claims_drops_the_oldest() -> None:
    inbox = Inbox()
    for number in range(CAPACITY + 5):
        inbox.put(_claim(f"{number}"))
    assert len(inbox) == CAPACITY
    first = inbox.take()
    assert first is not None
    assert first.card == "5"


def test_a_flood_of_unknown_cards_takes_no_place_from_one_that_is_known() -> None:
    inbox = Inbox()
    inbox.put(_claim("ada"))
    for number in range(10 * CAPACITY):
        inbox.put(_claim(f"{number}"), is_known=False)
    assert len(inbox) == CAPACITY + 1
    first = inbox.take()
    assert first is not None
    assert first.card == "ada", "and comes first although others came before it was taken"


def test_one_card_by_the_hundred_fills_no_lane() -> None:
    inbox = Inbox()
    inbox.put(_claim("ada"))
    for _ in range(10 * CAPACITY):
        inbox.put(_claim("bob"))
    assert len(inbox) == 1 + SAME_CARD
    first = inbox.take()
    assert first is not None
    assert first.card == "ada"


def test_ada_is_known_bob_has_no_usable_photo_and_eve_is_nobody() -> None:
    people = _people(_entry("ada"), _entry("bob"), enrolled=("ada",))
    assert people.subject(_claim("ada"), MONDAY_NOON).refusal is None
    assert people.subject(_claim("bob"), MONDAY_NOON).refusal is Reason.REFERENCE_UNUSABLE
    assert people.subject(_claim("eve"), MONDAY_NOON).cards == frozenset()


def test_a_reference_that_outlived_its_config_entry_is_nobody() -> None:
    people = _people(_entry("ada"), enrolled=("ada", "left-last-year"))
    assert people.subject(_claim("left-last-year"), MONDAY_NOON).cards == frozenset()


def test_walk_up_counts_only_who_may_come_in_now() -> None:
    nights = HoursSettings(time_zone="UTC", windows=("Mon-Sun 22:00-06:00",))
    people = _people(_entry("ada"), _entry("guard", hours=nights), enrolled=("ada", "guard"))
    walk_up = _claim("", WALK_UP)
    assert people.subject(walk_up, MONDAY_NOON).cards == {"ada"}
    midnight = MONDAY_NOON + timedelta(hours=12)
    assert people.subject(walk_up, midnight).cards == {"ada", "guard"}


@dataclass
class SetClock:
    """A clock that a test moves."""

    wall: datetime = MONDAY_NOON
    uptime: float = 1000.0
    is_synchronised: bool = True
    battery: datetime | None = None
    boot: str = "boot-1"

    def read(self) -> ClockReading:
        return ClockReading(
            wall=self.wall,
            uptime=self.uptime,
            is_synchronised=self.is_synchronised,
            battery=self.battery,
        )

    def vouch(self) -> None:
        self.is_synchronised = True


def _timekeeper(clock: SetClock, floor: datetime | None, believed: str | None = None) -> Timekeeper:
    return Timekeeper(clock, floor=floor, settings=ClockSettings, believed=believed)


def test_a_clock_below_what_was_written_down_is_not_trusted_until_somebody_accepts_it() -> None:
    clock = SetClock()
    keeper = _timekeeper(clock, MONDAY_NOON + timedelta(days=1))
    assert not keeper.is_trusted()
    assert keeper.accept() == MONDAY_NOON
    assert keeper.is_trusted()


def test_time_that_has_passed_for_certain_goes_on_without_a_time_server() -> None:
    clock = SetClock(is_synchronised=False)
    clock.wall = MONDAY_NOON - timedelta(days=400)  # no battery clock: back at some old day
    keeper = _timekeeper(clock, MONDAY_NOON)
    assert not keeper.is_trusted()
    assert keeper.floor() is None
    assert keeper.at_least() == MONDAY_NOON
    clock.uptime += 86_400.0 * 100
    least = MONDAY_NOON + timedelta(days=100)
    assert keeper.at_least() == least
    clock.wall = MONDAY_NOON + timedelta(days=3650)
    assert keeper.at_least() == least, "a leap of the wall clock makes nothing old"
    later = Timekeeper(clock, floor=MONDAY_NOON, settings=ClockSettings, least=least)
    assert later.at_least() == least, "and a restart does not begin anew"


def test_no_time_is_certain_where_none_was_ever_vouched_for() -> None:
    assert _timekeeper(SetClock(is_synchronised=False), None).at_least() is None


def test_a_leap_of_ten_years_does_not_raise_the_floor_and_grants_nothing() -> None:
    clock = SetClock()
    keeper = _timekeeper(clock, None)
    clock.uptime += 1
    clock.wall += timedelta(days=3650)
    assert keeper.floor() is None
    assert not keeper.is_trusted()


def test_a_leap_is_told_although_the_program_was_started_again_meanwhile() -> None:
    """The battery clock has taken the false time over by then: it is no witness in one boot."""
    clock = SetClock()
    before = _timekeeper(clock, None).to_remember()
    clock.uptime += 60
    clock.wall += timedelta(days=3650)
    clock.battery = clock.wall
    assert not _timekeeper(clock, MONDAY_NOON, before).is_trusted()


def test_a_battery_clock_that_took_a_false_time_over_is_no_witness_after_a_boot_either() -> None:
    """The kernel copies its time into it while the machine runs; then the power is cut."""
    clock = SetClock()
    keeper = _timekeeper(clock, None)
    clock.wall += timedelta(days=3650)
    keeper.look()
    clock.boot, clock.uptime, clock.battery = "boot-2", 5.0, clock.wall
    later = Timekeeper(
        clock, floor=MONDAY_NOON, settings=ClockSettings, is_doubted=keeper.is_doubted
    )
    later.look()
    clock.uptime += SETTLED_SECONDS + 1
    clock.wall += timedelta(seconds=SETTLED_SECONDS + 1)
    assert not later.is_trusted()
    clock.wall = MONDAY_NOON + timedelta(minutes=20)
    assert later.is_trusted(), "the way back needs nobody"
    assert not later.is_doubted


def test_what_was_believed_before_the_journal_could_be_read_is_judged_again() -> None:
    clock = SetClock()
    clock.wall += timedelta(days=3650)
    keeper = _timekeeper(clock, None)
    keeper.learn(floor=MONDAY_NOON, believed=None, is_doubted=False)
    assert not keeper.is_trusted()
    assert keeper.at_least() == MONDAY_NOON, "and nothing is thrown away as old by it"


def test_an_idle_night_and_a_restart_are_no_leap() -> None:
    """Without a battery clock: the monotonic clock of this boot is enough."""
    clock = SetClock()
    before = _timekeeper(clock, None).to_remember()
    clock.uptime += 12 * 3600
    clock.wall += timedelta(hours=12)
    assert _timekeeper(clock, MONDAY_NOON, before).is_trusted()


@pytest.mark.parametrize("kept", ["", "boot-1", "boot-1 x y", "boot-1 nan 2026-11-22T12:00:00"])
def test_what_was_remembered_badly_is_nothing(kept: str) -> None:
    assert _timekeeper(SetClock(), MONDAY_NOON, kept).is_trusted()


def test_a_person_vouches_for_a_clock_that_no_time_server_sets() -> None:
    clock = SetClock(is_synchronised=False)
    keeper = _timekeeper(clock, None)
    assert not keeper.is_trusted()
    keeper.accept()
    assert keeper.is_trusted()


def test_a_rotated_key_signs_from_then_on_and_the_old_one_still_counts(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "keys.json", now=MONDAY_NOON)
    old, new = ring.rotate(door="front-door", now=MONDAY_NOON, previous_days=30)
    assert ring.current.keyid == new.keyid != old.keyid
    assert set(new.accepted(MONDAY_NOON + timedelta(days=29))) == {old.keyid, new.keyid}
    assert set(new.accepted(MONDAY_NOON + timedelta(days=31))) == {new.keyid}


def test_one_line_for_systemctl() -> None:
    def line(*degraded: Degradation) -> str:
        return DoorStatus(door="front-door", at=MONDAY_NOON, degraded=degraded, facts={}).line()

    assert line() == "front-door: online"
    named = line(Degradation(name=FaultName.LIVENESS_OFF, detail="switched off in the config"))
    assert named == "front-door: degraded: liveness_off (switched off in the config)"
