"""Exit button and door contact at a whole lock: real broker and relay process, lines stood in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import gpiod
import pytest

from edgeverify.lock.assembling import assemble
from edgeverify.lock.config import load_lock_config
from edgeverify.lock.program import LockProgram
from edgeverify.systemd import ServiceManager
from tests.brokers import Mosquitto, mosquitto, publish
from tests.doors import DOOR, decided, door_keys, event_of, public_pem
from tests.gpio_lines import Chip
from tests.lock.stage import TOPICS, Reports, relay_programs
from tests.waiting import patience, until

CONTACT, BUTTON = 27, 22


@dataclass
class _Lock:
    chip: Chip
    relay_log: Path
    reports: Reports

    @property
    def moves(self) -> list[str]:
        return self.relay_log.read_text(encoding="utf-8").split()

    def press(self) -> None:
        self.chip.press(BUTTON, high=False)
        self.chip.press(BUTTON, high=True)

    def opens(self) -> None:
        self.chip.press(CONTACT, high=True)

    def closes(self) -> None:
        self.chip.press(CONTACT, high=False)

    def stands(self, state: str) -> bool:
        return self.reports.states[-1:] == [state]


@contextmanager
def _running(folder: Path, broker: Mosquitto, chip: Chip, *lines: str) -> Iterator[_Lock]:
    released, resting, said = relay_programs(folder)
    keys = door_keys(folder)
    public_pem(folder, keys.public)
    config = folder / "lock.yaml"
    text = [
        f"door: {DOOR}",
        "keys: [front-door.pub]",
        "lock_type: fail_secure",
        f"relay: {{kind: command, release: [{released}], rest: [{resting}]}}",
        "pulse_seconds: 60",
        "allow_unsynced_clock: true",
        f"door_contact: {{line: {CONTACT}, active: high}}",
        f"exit_button: {{line: {BUTTON}}}",
        f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}",
        *lines,
    ]
    config.write_text("\n".join(text) + "\n", encoding="utf-8")
    chip.levels |= {CONTACT: False, BUTTON: True}
    environ = {"STATE_DIRECTORY": str(folder / "state")}
    now = datetime.now(timezone.utc)
    program = LockProgram(assemble(load_lock_config(config), environ, ServiceManager(), now=now))
    thread = threading.Thread(target=program.run)
    with Reports(broker) as reports:
        running = _Lock(chip, said, reports)
        thread.start()
        try:
            until(lambda: running.stands("locked") and reports.seen[-1].is_open is False, "it", 20)
            yield running
        finally:
            program.stop()
            thread.join(patience(20))
    assert not thread.is_alive()
    assert running.moves[-1] == "resting"


@pytest.fixture
def chip(monkeypatch: pytest.MonkeyPatch) -> Chip:
    made = Chip()
    monkeypatch.setattr(gpiod, "request_lines", made.request_lines)
    return made


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path / "broker") as running:
        yield running


def test_in_by_a_grant_out_by_the_button_and_in_by_force(
    broker: Mosquitto, chip: Chip, tmp_path: Path
) -> None:
    with _running(tmp_path, broker, chip) as lock:
        grant = event_of(door_keys(tmp_path), 7, decided("yes"))
        publish(broker, TOPICS.event, grant)
        until(lambda: lock.stands("open"), "the grant")
        lock.opens()
        until(lambda: lock.moves[-2:] == ["released", "resting"], "it to lock as it is opened")
        lock.closes()
        until(lambda: lock.stands("locked"), "the door to close")

        lock.press()
        until(lambda: lock.stands("open"), "the button")
        assert lock.reports.seen[-1].cause.value == "exit_button"
        lock.opens()
        until(lambda: lock.stands("opened_without_grant"), "somebody to go out")
        lock.closes()
        until(lambda: lock.stands("locked"), "the door to close")
        until(lambda: lock.moves[-2:] == ["released", "resting"], "the relay to rest")

    assert lock.moves.count("released") == 2


def test_a_forced_door_and_a_contact_that_vanishes(
    broker: Mosquitto, chip: Chip, tmp_path: Path
) -> None:
    with _running(tmp_path, broker, chip) as lock:
        lock.opens()
        until(lambda: lock.stands("forced"), "the alarm")
        chip.unplug()
        until(lambda: len(lock.reports.seen[-1].faults) == 2, "both lines to be named")
        assert lock.reports.seen[-1].faults == (
            "The door contact cannot be read.",
            "The exit button cannot be read.",
        )
        assert lock.reports.seen[-1].is_open is None
        assert "released" not in lock.moves


def test_a_button_that_is_stuck_opens_nothing_until_it_was_let_go(
    broker: Mosquitto, chip: Chip, tmp_path: Path
) -> None:
    """A press is what begins while somebody looks; a restart or a returning chip is none."""
    with _running(tmp_path, broker, chip) as lock:
        lock.press()
        until(lambda: lock.moves.count("released") == 1, "a press")
        lock.opens()
        lock.closes()
        until(lambda: lock.stands("locked"), "the door to lock")
        chip.unplug()
        until(lambda: len(lock.reports.seen[-1].faults) == 2, "both lines to be named")
        chip.levels[BUTTON] = False
        chip.is_there = True
        until(lambda: lock.reports.seen[-1].faults == (), "both lines to be back", 20)
        lock.opens()
        until(lambda: lock.reports.seen[-1].is_open, "the contact, after the button's level")
        assert lock.moves.count("released") == 1
        chip.press(BUTTON, high=True)
        chip.press(BUTTON, high=False)
        until(lambda: lock.moves.count("released") == 2, "a press")
        chip.press(BUTTON, high=True)
