"""The doctor names every fault, with what to do, beside a daemon and alone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgeverify.cli.main import app
from edgeverify.config import LoadedConfig, load_config
from edgeverify.daemon.doctor import beside, state, surroundings
from edgeverify.daemon.doctor.finding import Finding
from edgeverify.domain import FaultName
from edgeverify.errors import StateError
from edgeverify.journal import Journal
from edgeverify.references import ReferenceStore
from edgeverify.settings import JournalSettings
from edgeverify.state import StateDirectory, open_state
from edgeverify.status_socket import StatusServer
from edgeverify.thermal import Sensors
from tests.broker.house import house
from tests.brokers import mosquitto
from tests.doors import NOON, decided, door_keys
from tests.ports import free_port
from tests.thermal.conftest import SensorTree

CONFIG = """
door: front-door
clock: {allow_unsynced: false}
thermal: {soft_celsius: 72, hot_celsius: 80, critical_celsius: 90}
journal: {max_mebibytes: 16}
"""


@pytest.fixture
def place(tmp_path: Path) -> StateDirectory:
    return open_state(tmp_path / "state", "front-door")


def config(folder: Path, text: str = "") -> LoadedConfig:
    path = folder / "door.yaml"
    path.write_text(CONFIG + text, encoding="utf-8")
    return load_config(path)


def faults(findings: Iterator[Finding]) -> dict[str, Finding]:
    """What is not well, by name; each says what was seen and what to do."""
    found = {one.fault: one for one in findings if not one.is_well}
    for one in found.values():
        assert one.seen
        assert one.advice
    return found


# ---- beside a running daemon -------------------------------------------------------------------


@pytest.mark.parametrize("name", FaultName)
def test_beside_a_daemon_it_repeats_each_fault_with_what_to_do(
    place: StateDirectory, name: FaultName
) -> None:
    answer = {"state": "degraded", "reasons": [{"name": name.value, "detail": "so and so"}]}
    server = StatusServer(place.folder, {"status": lambda _: answer})  # type: ignore[dict-item]
    try:
        found = faults(beside(place.folder, runs=True))
    finally:
        server.close()
    assert found[name].seen == f"{name}: so and so"
    assert found[name].advice == name.advice


def test_what_the_config_allows_is_not_a_failure_beside_the_daemon_either(
    place: StateDirectory,
) -> None:
    """It was FAIL by the daemon's word and ok by the doctor's own, for ever."""
    answer = {"state": "degraded", "reasons": [{"name": "clock_unsynced", "detail": "never set"}]}
    server = StatusServer(place.folder, {"status": lambda _: answer})  # type: ignore[dict-item]
    try:
        key = {FaultName.CLOCK_UNSYNCED: "clock.allow_unsynced"}
        (_, allowed) = beside(place.folder, runs=True, chosen=key)
        (_, found) = beside(place.folder, runs=True)
    finally:
        server.close()
    assert allowed.is_well
    assert "allowed by clock.allow_unsynced" in allowed.seen
    assert not found.is_well
    assert "clock.allow_unsynced: true" in found.advice


def test_a_fault_that_only_the_running_release_knows_is_repeated_without_advice(
    place: StateDirectory,
) -> None:
    answer = {"state": "degraded", "reasons": [{"name": "door_ajar", "detail": "since noon"}]}
    server = StatusServer(place.folder, {"status": lambda _: answer})  # type: ignore[dict-item]
    try:
        (_, found) = beside(place.folder, runs=True)
    finally:
        server.close()
    assert (found.fault, found.seen, found.advice) == ("door_ajar", "door_ajar: since noon", "")


def test_the_command_says_all_of_it_and_fails(place: StateDirectory, tmp_path: Path) -> None:
    config(tmp_path, f"mqtt: {{port: {free_port()}}}\nmodel: {{bundle: nowhere}}\n")
    reasons = [{"name": name.value, "detail": ""} for name in FaultName]
    answer = {
        "state": "degraded",
        "reasons": reasons,
        "enrolment": ["Bob: no face in bob.jpg", "Ada and Eve look alike"],
        "enrolment_problems": 1,
    }
    server = StatusServer(place.folder, {"status": lambda _: answer})  # type: ignore[dict-item]
    try:
        options = ["--config", str(tmp_path / "door.yaml"), "--state", str(place.folder)]
        done = CliRunner().invoke(app, ["doctor", *options])
    finally:
        server.close()
    assert done.exit_code == 1
    for name in FaultName:
        assert name.value in done.output
        assert name.advice in done.output
    assert "FAIL  enrolment    Bob: no face in bob.jpg" in done.output
    assert "ok    enrolment    Ada and Eve look alike" in done.output
    assert "broker_unreachable" in done.output
    assert "Traceback" not in done.output


# ---- alone -------------------------------------------------------------------------------------


def test_a_journal_in_order_is_told_with_what_waits(place: StateDirectory, tmp_path: Path) -> None:
    journal = Journal.open(place.journal, now=NOON).journal
    journal.record(decided("one", at=NOON), door_keys(tmp_path))
    journal.close()
    (found,) = state.look_at_journal(config(tmp_path), place)
    assert found.is_well
    assert "1 decision, 1 waits" in found.seen


def test_a_damaged_journal_is_named(place: StateDirectory, tmp_path: Path) -> None:
    place.journal.write_bytes(b"no database" * 1000)
    found = faults(state.look_at_journal(config(tmp_path), place))
    assert "moves it aside" in found["journal_replaced"].advice
    Journal.open(place.journal, now=NOON).journal.close()
    (aside,) = place.folder.glob("journal.sqlite.corrupt-*")
    found = faults(state.look_at_journal(config(tmp_path), place))
    assert str(aside) in found["journal_replaced"].seen


def test_a_journal_of_a_newer_release_is_said(place: StateDirectory, tmp_path: Path) -> None:
    Journal.open(place.journal, now=NOON).journal.close()
    with closing(sqlite3.connect(place.journal)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StateError, match="schema 99"):
        list(state.look_at_journal(config(tmp_path), place))


def test_a_journal_that_outgrew_its_limit_is_named(place: StateDirectory, tmp_path: Path) -> None:
    journal = Journal.open(place.journal, now=NOON).journal
    journal.record(decided("one", at=NOON), door_keys(tmp_path))
    journal.close()
    with place.journal.open("ab") as file:
        file.truncate((JournalSettings(max_mebibytes=16).max_mebibytes + 1) << 20)
    # SQLite takes what stands behind its last page for no page of its own.
    found = faults(state.look_at_journal(config(tmp_path), place))
    assert "1 waits for the broker" in found["journal_oversized"].seen


def test_a_clock_before_what_was_written_down_is_named(
    place: StateDirectory, tmp_path: Path
) -> None:
    later = datetime.now(timezone.utc) + timedelta(days=400)
    journal = Journal.open(place.journal, now=later).journal
    journal.accept_clock(at=later, by_user="ada")
    journal.close()
    found = faults(state.look_at_journal(config(tmp_path), place))
    assert f"{later:%Y-%m-%d}" in found["clock_unsynced"].seen


def test_people_without_a_reference_and_damaged_references_are_named(
    place: StateDirectory, tmp_path: Path
) -> None:
    staff = 'staff:\n  - {card: "1", name: Ada, photos: [ada.jpg]}\n'
    place.master_key.write_bytes(bytes(32))
    place.master_key.chmod(0o600)
    ReferenceStore(place.references, bytes(32), now=NOON).close()
    loaded = config(tmp_path, staff)
    found = faults(state.look_at_references(loaded, place, {}, is_running=False))
    assert "0 enrolled of 1" in found["enrolment_incomplete"].seen
    place.references.write_bytes(b"no database" * 1000)
    with pytest.raises(StateError, match="damaged"):
        list(state.look_at_references(loaded, place, {}, is_running=False))
    ReferenceStore(place.references, bytes(32), now=NOON).close()
    found = faults(state.look_at_references(loaded, place, {}, is_running=False))
    assert "is kept as" in found["references_replaced"].seen


def test_looking_changes_nothing(place: StateDirectory, tmp_path: Path) -> None:
    """A root shell may look at a stopped door: no migration, no repair, nothing taken over."""
    place.master_key.write_bytes(bytes(32))
    place.master_key.chmod(0o600)
    ReferenceStore(place.references, bytes(32), now=NOON).close()
    Journal.open(place.journal, now=NOON).journal.close()
    with closing(sqlite3.connect(place.journal)) as connection:
        connection.execute("PRAGMA user_version = 1")
    before = {path.name: path.read_bytes() for path in place.folder.glob("*.sqlite")}
    loaded = config(tmp_path)
    list(state.look_at_journal(loaded, place))
    list(state.look_at_references(loaded, place, {}, is_running=False))
    assert {path.name: path.read_bytes() for path in place.folder.glob("*.sqlite")} == before
    place.master_key.write_bytes(bytes(31) + b"x")
    (found,) = state.look_at_references(loaded, place, {}, is_running=False)
    assert (found.part, found.is_well) == ("keys", False)
    assert "another master key" in found.seen


def test_a_lost_master_key_is_said(place: StateDirectory, tmp_path: Path) -> None:
    ReferenceStore(place.references, bytes(32), now=NOON).close()
    (found,) = state.look_at_references(config(tmp_path), place, {}, is_running=False)
    assert (found.part, found.is_well) == ("keys", False)


def test_a_full_and_a_read_only_disk_are_named(
    place: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "MIN_FREE_BYTES", 1 << 60)
    (scarce,) = state.look_at_disk(place.folder)
    assert (scarce.is_well, scarce.fault) == (False, "")
    assert "Free some space" in scarce.advice
    monkeypatch.setattr(state, "FULL_BYTES", 1 << 60)
    assert "MiB free" in faults(state.look_at_disk(place.folder))["journal_unavailable"].seen
    monkeypatch.setattr(os, "access", lambda *_: False)
    found = faults(state.look_at_disk(place.folder))
    assert "cannot be written" in found["journal_unavailable"].seen


@pytest.mark.parametrize(
    ("raw", "name"),
    [("75000", "hot"), ("99000", "overheated"), ("-256", "temperature_unknown")],
)
def test_heat_and_dead_sensors_are_named(tmp_path: Path, raw: str, name: str) -> None:
    tree = SensorTree(tmp_path / "sys")
    tree.zone(0, "x86_pkg_temp", raw)
    sensors = Sensors((), sys=tree.root)
    assert set(faults(surroundings.look_at_heat(config(tmp_path), sensors))) == {name}


def test_one_dead_sensor_of_two_is_named(tmp_path: Path) -> None:
    tree = SensorTree(tmp_path / "sys")
    tree.zone(0, "x86_pkg_temp", "45000")
    tree.zone(1, "cpu-thermal", "255000")
    sensors = Sensors((), sys=tree.root)
    found = faults(surroundings.look_at_heat(config(tmp_path), sensors))
    assert set(found) == {"temperature_sensor_dead"}


def test_a_camera_that_is_not_there_is_named(tmp_path: Path) -> None:
    loaded = config(tmp_path, "camera: {source: /dev/video99, open_timeout_seconds: 1}\n")
    found = faults(surroundings.look_at_camera(loaded, is_running=False))
    assert set(found) == {"camera_offline"}


def test_the_brokers_refusals_are_named(tmp_path: Path) -> None:
    loaded = config(tmp_path, f"mqtt: {{host: 127.0.0.1, port: {free_port()}}}\n")
    assert set(faults(surroundings.look_at_broker(loaded, {}))) == {"broker_unreachable"}
    with house(tmp_path / "house") as running:
        folder = running.login("door-front-door")
        wrong = load_config(folder / "front-door.yaml")
        (folder / "password").write_text("wrong")
        assert set(faults(surroundings.look_at_broker(wrong, {}))) == {"broker_refused_credentials"}
        reader = load_config(running.login("reader-front-door") / "front-door.yaml")
        (finding,) = surroundings.look_at_broker(reader, {})
        assert finding.fault == "broker_refuses_claims"
        assert "'reader-front-door' hear edgeverify/front-door/claim" in finding.seen
    with mosquitto(tmp_path / "broker") as broker:
        tls = "tls: {enabled: true}"
        loaded = config(tmp_path, f"mqtt: {{host: 127.0.0.1, port: {broker.port}, {tls}}}\n")
        found = faults(surroundings.look_at_broker(loaded, {}))
        assert set(found) <= {"broker_tls", "broker_unreachable"}
        assert found
