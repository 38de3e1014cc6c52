"""The lock program as its page installs it: its own user, its own unit, a real grant, a kill."""

from __future__ import annotations

import itertools

import pytest

from edgeverify.keys import SigningKeys
from tests.doors import decided, door_keys, event_of, public_pem

from .conftest import HOUSE
from .container import Container
from .lock_program import give_lock, install_lock

pytestmark = [pytest.mark.systemd, pytest.mark.timeout(900)]
UNIT = "edgeverify-lock@front.service"
STATE = "/var/lib/edgeverify-lock/front"
CONFIG = """
door: front-door
keys: [front-door.pub]
lock_type: fail_secure
pulse_seconds: 0.5
allow_unsynced_clock: true
relay:
  kind: command
  release: [/usr/bin/touch, {state}/released]
  rest: [/usr/bin/touch, {state}/resting]
mqtt:
  host: localhost
  port: {port}
  username: lock-front-door
  password_file: front.password
  tls: {{enabled: true, ca_file: ca.crt}}
"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> SigningKeys:
    return door_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def lock(
    machine: Container, broker: int, keys: SigningKeys, tmp_path_factory: pytest.TempPathFactory
) -> Container:
    """Installed as its page says, for a door whose key is the test's."""
    install_lock(machine)
    pem = public_pem(tmp_path_factory.mktemp("public"), keys.public).read_bytes()
    config = CONFIG.format(port=broker, state=STATE)
    give_lock(machine, "front", config, pem, "lock-front-door")
    machine.run("systemctl", "enable", "--now", UNIT)
    return machine


def _is_there(machine: Container, name: str) -> bool:
    return (machine.files / STATE.lstrip("/") / name).exists()


def _connections(machine: Container) -> int:
    return machine.journal(UNIT).count("the broker is there")


def _say(machine: Container, event: bytes, broker: int) -> None:
    machine.write("/srv/event", event)
    machine.run(
        "mosquitto_pub", "-h", "localhost", "-p", str(broker), "-q", "1",
        "--cafile", f"{HOUSE}/ca.crt", "-u", "door-front-door",
        "-P", (machine.files / HOUSE[1:] / "logins/door-front-door/password").read_text().strip(),
        "-t", "edgeverify/front-door/event", "-f", "/srv/event",
    )  # fmt: skip


def test_the_unit_is_clean_and_runs_as_its_own_user(lock: Container) -> None:
    said = lock.run("systemd-analyze", "verify", UNIT)
    assert said.stdout + said.stderr == ""
    lock.until("it is ready", lambda: lock.show(UNIT, "ActiveState") == "active", 30)
    lock.until("it rests", lambda: _is_there(lock, "resting"), 10)
    process = lock.show(UNIT, "MainPID")
    owner = lock.run("stat", "--format", "%U", f"/proc/{process}").stdout.strip()
    assert owner == "edgeverify-lock"
    assert not _is_there(lock, "released")


def test_it_opens_for_a_signed_grant_once(lock: Container, broker: int, keys: SigningKeys) -> None:
    lock.until("the broker", lambda: _connections(lock) == 1, 30)
    grant = event_of(keys, 7, decided("x"))
    _say(lock, grant, broker)
    lock.until("the relay", lambda: _is_there(lock, "released"), 20)
    lock.run("rm", f"{STATE}/released")
    lock.run("systemctl", "restart", UNIT)
    lock.until("it is back at the broker", lambda: _connections(lock) == 2, 30)
    _say(lock, grant, broker)
    lock.until("its refusal", lambda: "not above 7" in lock.journal(UNIT), 20)
    assert not _is_there(lock, "released")
    numbers = itertools.count(8)  # a relay whose process still starts lets a grant go by

    def opens() -> bool:
        _say(lock, event_of(keys, next(numbers), decided("y")), broker)
        return _is_there(lock, "released")

    lock.until("the relay, for a grant of another number", opens, 30)


def test_a_kill_locks_and_systemd_brings_it_back(lock: Container) -> None:
    lock.run("rm", "-f", f"{STATE}/resting")
    lock.run("systemctl", "kill", "--signal=SIGKILL", UNIT)
    lock.until("it rests", lambda: _is_there(lock, "resting"), 20)
    lock.until("it is back", lambda: lock.show(UNIT, "ActiveState") == "active", 30)
    assert int(lock.show(UNIT, "NRestarts")) >= 1


def test_it_stops_in_order_and_locks(lock: Container) -> None:
    lock.run("rm", "-f", f"{STATE}/resting")
    lock.run("systemctl", "disable", "--now", UNIT)
    assert lock.show(UNIT, "Result") == "success"
    assert _is_there(lock, "resting")
