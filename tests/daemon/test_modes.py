"""Lock-down and open at a door: kept over restarts, refused by name, commanded over a broker."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random

import pytest
from click.testing import Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from typer.testing import CliRunner

from edgeverify.cli.main import app
from edgeverify.daemon.modes import Modes
from edgeverify.demo.scenes import OWNER_CARD, Film
from edgeverify.domain import Asker, Command, DoorMode, Reason
from edgeverify.events import Topics, encode_status
from edgeverify.events.command import encode_command
from edgeverify.journal import Journal
from edgeverify.journal.reading import acts
from edgeverify.keys import SigningKeys
from edgeverify.mqtt import Credentials, MqttLink
from edgeverify.mqtt.party import Arrival, ClientId
from edgeverify.operator_key import OperatorKey, make_operator_key
from edgeverify.settings import MqttSettings
from tests.brokers import mosquitto
from tests.daemon.stage import DoorOnStage
from tests.doors import DOOR, NOON, door_keys
from tests.waiting import patience


@dataclass
class Clock:
    now: datetime = NOON
    trusted: bool = True

    def wall(self) -> datetime:
        return self.now

    def is_trusted(self) -> bool:
        return self.trusted


class House:
    """A door's modes on disk, with an operator and a clock that stands."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "door-mode.json"
        self.journal = Journal.open(folder / "journal.sqlite", now=NOON).journal
        self.clock = Clock()
        self.operator = make_operator_key(folder / "operator.key")
        self.keys: Mapping[str, Ed25519PublicKey] = {
            self.operator.keyid: self.operator.private.public_key()
        }
        self.number = 0
        self.modes = self.start()

    def start(self) -> Modes:
        self.modes = Modes(
            self.file,
            door=DOOR,
            keys=lambda: self.keys,
            longest_open=lambda: timedelta(hours=12),
            time=self.clock,
            acts=self.journal,
        )
        return self.modes

    def command(
        self, mode: DoorMode, *, key: OperatorKey | SigningKeys | None = None, hours: float = 2
    ) -> bytes:
        self.number += 1
        now = self.clock.now
        command = Command(
            id=f"c-{self.number}",
            door=DOOR,
            mode=mode,
            sequence=self.number,
            issued_at=now,
            expires_at=now + timedelta(seconds=30),
            until=now + timedelta(hours=hours) if mode is DoorMode.OPEN else None,
        )
        return encode_command(command, key or self.operator)

    def hear(self, raw: bytes, *, is_retained: bool = False) -> str:
        """Take a message; return the name under which it was refused, empty where obeyed."""
        self.modes.heard(Arrival(raw, is_retained, Asker(topic="")))
        assert self.modes.look()
        refused = self.modes.facts(self.operator).get("refused")
        return str(refused["name"]) if isinstance(refused, dict) else ""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.journal.close()


def test_a_door_that_was_never_commanded_is_normal(house: House) -> None:
    assert house.modes.mode is DoorMode.NORMAL
    assert house.modes.facts(house.operator) == {"name": "normal"}
    assert not house.modes.look()
    assert not house.file.exists()


def test_a_lock_down_stays_over_a_restart_and_who_ordered_it_is_journalled(house: House) -> None:
    assert house.hear(house.command(DoorMode.LOCKDOWN)) == ""
    assert house.start().is_locked_down()
    house.keys = {}
    assert house.start().is_locked_down(), "an operator who has left leaves no door open"
    (act,) = acts(house.journal.path)
    assert (act.act, act.by_user) == ("mode lockdown", f"operator {house.operator.keyid}")


def test_what_was_obeyed_is_not_obeyed_again_after_a_restart(house: House) -> None:
    lockdown, normal = house.command(DoorMode.LOCKDOWN), house.command(DoorMode.NORMAL)
    assert house.hear(lockdown) == ""
    assert house.hear(normal) == ""
    house.start()
    for each in (lockdown, normal):
        assert house.hear(each) == "replayed"
    assert house.modes.mode is DoorMode.NORMAL


def test_each_wrong_command_is_refused_by_name(house: House, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    foreign = door_keys(tmp_path / "other")
    opened = house.command(DoorMode.OPEN)
    assert house.hear(opened, is_retained=True) == "retained"
    assert house.hear(b"open") == "malformed"
    assert house.hear(house.command(DoorMode.OPEN, key=foreign)) == "unknown_key"
    house.clock.now += timedelta(seconds=31)
    assert house.hear(opened) == "expired"
    house.clock.now -= timedelta(seconds=61)
    assert house.hear(opened) == "future_dated"
    house.clock.now = NOON
    house.clock.trusted = False
    assert house.hear(opened) == "clock_unsynced"
    house.clock.trusted = True
    assert house.hear(house.command(DoorMode.OPEN, hours=13)) == "open_too_long"
    assert house.modes.mode is DoorMode.NORMAL
    assert acts(house.journal.path) == ()


def test_open_is_said_signed_and_ends_with_its_time_its_key_and_the_clock(house: House) -> None:
    assert house.hear(house.command(DoorMode.OPEN)) == ""
    facts = house.modes.facts(house.operator)
    assert facts["name"] == "open"
    assert "statement" in facts
    house.clock.trusted = False
    assert house.modes.look(), "a change is told at once"
    assert "statement" not in house.modes.facts(house.operator)
    house.clock.trusted = True
    keys, house.keys = house.keys, {}
    assert house.modes.mode is DoorMode.NORMAL
    house.keys = keys
    assert house.start().mode is DoorMode.OPEN
    house.clock.now += timedelta(hours=2)
    assert house.modes.mode is DoorMode.NORMAL


def test_a_file_that_cannot_be_read_keeps_the_door_locked_down(house: House) -> None:
    for content in (b"", b"{}", b'{"sequences": {}, "command": "x"}', b"\xff" * 50):
        house.file.write_bytes(content)
        assert house.start().is_locked_down(), content
    assert house.hear(house.command(DoorMode.NORMAL)) == ""
    assert not house.modes.is_locked_down()


def test_without_a_disk_nothing_opens_and_a_lock_down_counts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeverify.daemon.modes.write_whole", _full_disk)
    assert house.hear(house.command(DoorMode.OPEN)) == "state_unavailable"
    assert house.hear(house.command(DoorMode.LOCKDOWN)) == ""
    assert house.modes.is_locked_down()


def test_a_file_that_goes_under_a_running_door_is_written_again(house: House) -> None:
    house.hear(house.command(DoorMode.LOCKDOWN))
    house.file.unlink()
    assert not house.modes.look(), "nothing new to say"
    assert house.start().mode is DoorMode.LOCKDOWN


def test_a_lock_down_that_a_disk_did_not_take_is_written_once_it_does(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.hear(house.command(DoorMode.NORMAL))
    with monkeypatch.context() as full:
        full.setattr("edgeverify.daemon.modes.write_whole", _full_disk)
        house.hear(house.command(DoorMode.LOCKDOWN))
        house.modes.look()
        assert house.modes.is_locked_down()
    assert not house.modes.look()
    assert house.start().is_locked_down()


def _full_disk(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_nobody_is_let_in_during_a_lock_down_and_whoever_stands_there_is_denied(
    stage: Callable[..., DoorOnStage],
) -> None:
    door = stage(Film.OWNER_WALKS_UP)
    locked = [False]
    door.door.conditions.is_locked_down = lambda: locked[0]
    door.claim(OWNER_CARD)
    door.door.turn()
    locked[0] = True
    (under_way,) = door.play()
    door.claim(OWNER_CARD, name="claim-2")
    (new,) = door.play()
    door.claim("no such card", name="claim-3")
    (unknown,) = door.play()
    assert [one.reason for one in (under_way, new, unknown)] == [Reason.LOCKED_DOWN] * 3
    locked[0] = False
    door.claim(OWNER_CARD, name="claim-4")
    (after,) = door.play()
    assert after.reason is Reason.MATCH


@dataclass
class Answering:
    """A door at a broker that has its modes and nothing else."""

    modes: Modes
    link: MqttLink
    signer: OperatorKey
    over: threading.Event

    def run(self) -> None:
        while not self.over.wait(0.05):
            if self.modes.look():
                mode: dict[str, object] = dict(self.modes.facts(self.signer))
                now = datetime.now(timezone.utc)
                self.link.set_status(encode_status("online", DOOR, at=now, details={"mode": mode}))


def _operator(config: Path, key: Path, *words: str) -> Result:
    options = ["--config", str(config), "--key", str(key)]
    return CliRunner().invoke(app, ["operator", *words, *options])


def test_an_operator_commands_a_door_at_a_real_broker(house: House, tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker") as broker:
        link = MqttLink(
            MqttSettings(host="127.0.0.1", port=broker.port),
            DOOR,
            Credentials(),
            on_claim=lambda _: None,
            on_others={Topics(DOOR).command: house.modes.heard},
            client_id=ClientId(DOOR, bytes(32)),
            random=Random(1),
        )
        link.start()
        assert link.wait_connected(patience(10))
        over = threading.Event()
        answering = Answering(house.modes, link, house.operator, over)
        thread = threading.Thread(target=answering.run)
        thread.start()
        try:
            config = tmp_path / "door.yaml"
            config.write_text(f"door: {DOOR}\nmqtt:\n  host: 127.0.0.1\n  port: {broker.port}\n")
            house.clock.now = datetime.now(timezone.utc)
            key = house.operator.file
            locked = _operator(config, key, "lockdown")
            assert (locked.exit_code, locked.output) == (0, "front-door: locked down\n")
            assert house.modes.is_locked_down()
            opened = _operator(config, key, "open", "--hours", "1")
            assert opened.output.startswith("front-door: open until ")
            too_long = _operator(config, key, "open", "--hours", "13")
            assert too_long.exit_code == 2
            assert "open_too_long" in too_long.output
            assert _operator(config, key, "normal").output == "front-door: back to normal\n"
            strangers = make_operator_key(tmp_path / "stranger.key").file
            refused = _operator(config, strangers, "lockdown").output
            assert "unknown_key" in refused
            assert "name it in `commands.operator_keys`" in refused, "and says what to do"
            assert house.modes.mode is DoorMode.NORMAL
        finally:
            over.set()
            thread.join()
            link.stop()
