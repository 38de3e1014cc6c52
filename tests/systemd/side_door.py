"""A whole door in the container, of the parts that the README lists: reader, camera, broker, lock,
exit button and page, each as its own page installs it and under its own unit.

Hardware is stood in for at its edge: the card by vsmartcard's virtual reader, the camera by one on
the network, the relay by a program, the exit button's line by `gpio_in_files.py`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgeverify.domain import Reason
from edgeverify.journal.reading import DecisionRow, acts, recent
from tests.soak.camera import Camera
from tests.soak.traffic import OUT_OF_TIME
from tests.virtual_card import card_in_field, is_listening, reader_config
from tests.waiting import until
from tests.web.stage import PASSWORD

from .conftest import HOUSE
from .container import Container
from .films import Footage
from .lock_program import FOLDER as LOCK_FOLDER
from .lock_program import give_lock
from .service import status
from .wheels import CHECKOUT

DOOR = "side-door"
UNIT, PAGE, LOCK = "edgeverify@side", "edgeverify-web@side", "edgeverify-lock@side"
CONFIG = "/etc/edgeverify/side.yaml"
STATE = "/var/lib/edgeverify/side"
RELAY = "/var/lib/edgeverify-lock/side"
OPERATOR_KEY = "/srv/kim.key"
OPERATOR = f"{HOUSE}/logins/operator/{DOOR}.yaml"
PYTHON = "/opt/edgeverify/current/bin/python"
BUTTON = "22"
ADA_CARD, BOB_CARD = "04A1B2C3D4E580", "04F6071829304B"
AGAIN_SECONDS = 2.1
"""Laid on sooner, a card is taken for one that has never left its reader."""
HELD_SECONDS = 20.0
MOST_TRIES = 20

DOOR_YAML = """\
door: side-door
camera: {{source: "http://127.0.0.1:{camera}/video"}}
claims: {{sources: [pcsc]}}
commands: {{operator_keys: [operators/kim.pub]}}
web: {{enabled: true, port: {page}}}
staff_file: people/side-door.yaml
# A busy machine sees fewer frames per second; a container has no time server.
decision: {{timeout_seconds: 30}}
clock: {{allow_unsynced: true}}
mqtt:
  host: localhost
  port: {broker}
  username: door-side-door
  password_file: {house}/logins/door-side-door/password
  tls: {{enabled: true, ca_file: {house}/ca.crt}}
{more}"""
STAFF_YAML = f"""\
staff:
  - card: "{ADA_CARD}"
    name: Ada Lovelace
    photos: [people/photos/ada.jpg]
"""
LOCK_YAML = """\
door: side-door
keys: [side-door.pub]
lock_type: fail_secure
pulse_seconds: 0.5
follow_open: true
allow_unsynced_clock: true
relay:
  kind: command
  release: [/usr/bin/touch, {relay}/released]
  rest: [/usr/bin/touch, {relay}/resting]
exit_button: {{line: {button}, active: low}}
mqtt:
  host: localhost
  port: {broker}
  username: lock-side-door
  password_file: side.password
  tls: {{enabled: true, ca_file: ca.crt}}
"""
WITH_LINES = "[Service]\nEnvironment=PYTHONPATH=/srv/lines\n"


@dataclass
class SideDoor:
    """The whole door."""

    machine: Container
    camera: Camera
    reader: int
    page: int
    broker: int

    @property
    def journal(self) -> Path:
        """The door's journal, as seen from here."""
        return self.machine.files / STATE[1:] / "journal.sqlite"

    @property
    def decisions(self) -> tuple[DecisionRow, ...]:
        """What it has decided, newest first."""
        return recent(self.journal, limit=1000)

    @property
    def acts(self) -> list[str]:
        """What people and the lock did, newest first."""
        return [act.act for act in acts(self.journal, limit=1000)]

    def relay(self, state: str) -> Path:
        """Return the file that the relay's program touches."""
        return self.machine.files / RELAY[1:] / state

    def has_closed(self) -> bool:
        """Whether the relay was closed since it was last asked to forget."""
        return self.relay("released").exists()

    def forget_the_relay(self) -> None:
        """Wait until the release is over, and take away what it left."""
        self.until("its end", lambda: not self.has_closed() or self._rests_again(), 20)
        for state in ("released", "resting"):
            self.relay(state).unlink(missing_ok=True)

    def touch(self, card: str) -> DecisionRow:
        """Hold a card to the reader until the door has decided; away from it before and after.

        Held up anew where nothing came of it: a busy pcscd may sleep through its being away.
        """
        known = len(self.decisions)
        for _ in range(MOST_TRIES):
            time.sleep(AGAIN_SECONDS)
            with card_in_field(self.reader, bytes.fromhex(card)):
                if _comes(lambda: len(self.decisions) > known, HELD_SECONDS):
                    break
        else:
            raise AssertionError(f"no decision on {card}\n{self.log()}")
        found = self.decisions[0]
        assert (found.card, found.source) == (card, "pcsc")
        return found

    def touch_for(self, card: str, reason: Reason) -> DecisionRow:
        """Touch, and hear this; again where too few frames came in time, on a busy machine."""
        while (found := self.touch(card)).reason is not reason:
            assert found.reason in OUT_OF_TIME, f"{found}\n{self.log()}"
        return found

    def press_exit(self) -> None:
        """Pull the button's line down until the door is released, as people do, and let it go."""
        line = self.machine.files / "srv/lines/levels" / BUTTON
        line.write_text("0")
        self.until("the relay", self.has_closed)
        line.write_text("1")

    def operator(self, *words: str) -> str:
        """Give a signed command with the operator's login; again where no answer came in time."""
        key = ("--config", OPERATOR, "--key", OPERATOR_KEY)
        for _ in range(MOST_TRIES):
            said = self.machine.run("edgeverify", "operator", *words, *key, check=False, seconds=90)
            if said.returncode == 0:
                return said.stdout
        raise AssertionError(f"{said.stdout}{said.stderr}\n{self.log()}")

    def log(self) -> str:
        """What the door's and the lock's units have said last."""
        return "".join(
            self.machine.journal(f"{unit}.service")[-3000:] for unit in (UNIT, LOCK, PAGE)
        )

    def until(self, what: str, is_so: Callable[[], object], seconds: float = 30) -> None:
        """Wait; where it does not come, say what the units said."""
        try:
            until(is_so, what, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()}") from None

    def _rests_again(self) -> bool:
        resting = self.relay("resting")
        released = self.relay("released").stat().st_mtime_ns
        return resting.exists() and resting.stat().st_mtime_ns >= released


def _comes(is_so: Callable[[], bool], seconds: float) -> bool:
    """Return whether it comes so soon."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def put_side_by_side(door: SideDoor, footage: Footage, more: str = "") -> None:
    """Install and start every part; `more` is added to the door's config."""
    machine = door.machine
    _add_logins(machine, door.broker)
    _reader(door)
    _operator(machine)
    people = "/etc/edgeverify/people"
    for name, content in (("side-door.yaml", STAFF_YAML.encode()), ("photos/ada.jpg", footage.ada)):
        machine.write(f"{people}/{name}", content, 0o640)
    machine.run("chown", "-R", "edgeverify-web:edgeverify", people)
    values = {"camera": door.camera.port, "page": door.page, "broker": door.broker}
    machine.write(CONFIG, DOOR_YAML.format(**values, house=HOUSE, more=more), 0o640)
    machine.run("chgrp", "edgeverify", CONFIG)
    machine.run("systemctl", "start", UNIT, seconds=120)
    made = f"echo '{PASSWORD}' | edgeverify web password kim --role manager --config {CONFIG}"
    assert machine.run("sh", "-c", made).stdout == "kim: made, role manager\n"
    machine.run("systemctl", "start", PAGE)
    _lock(door)
    door.until("Ada to be enrolled", lambda: _references(machine) == 1, 60)


def _references(machine: Container) -> object:
    return status(machine, "--config", CONFIG).get("references")


def _add_logins(machine: Container, port: int) -> None:
    """Add the door to the broker that is there, which reads its logins again."""
    where = ("--host", "localhost", "--port", str(port), "--bind", "127.0.0.1")
    machine.run("edgeverify", "broker", "setup", HOUSE, "--door", DOOR, *where)
    machine.run("systemctl", "restart", "broker")


def _reader(door: SideDoor) -> None:
    """Put a virtual reader into pcscd, and what reads it into the door's environment."""
    door.machine.write("/etc/reader.conf.d/vpcd", reader_config(door.reader))
    # As docs/readers.md says; Debian 12 has no use for it.
    rule = "/opt/edgeverify/current/share/edgeverify/systemd/edgeverify-pcsc.rules"
    to = "/etc/polkit-1/rules.d/50-edgeverify-pcsc.rules"
    door.machine.run("install", "-D", "-m", "0644", rule, to)
    door.machine.run("systemctl", "restart", "pcscd.socket", "pcscd.service")
    until(lambda: is_listening(door.reader), "the virtual reader", 20)
    offline = ("--quiet", "--no-index", "--find-links", "/wheelhouse", "--find-links", "/extras")
    extra = "edgeverify[readers,web]"
    door.machine.run(PYTHON, "-m", "pip", "install", *offline, extra, seconds=300)


def _operator(machine: Container) -> None:
    public = machine.run("edgeverify", "operator", "key", OPERATOR_KEY).stdout
    machine.write("/etc/edgeverify/operators/kim.pub", public)


def _lock(door: SideDoor) -> None:
    """Start the lock, with a line for its exit button."""
    machine = door.machine
    lines = machine.files / "srv/lines"
    (lines / "levels").mkdir(parents=True)
    (lines / "levels" / BUTTON).write_text("1")
    (lines / "tests").mkdir()
    shutil.copy(CHECKOUT / "tests/gpio_lines.py", lines / "tests")
    shutil.copy(CHECKOUT / "tests/systemd/gpio_in_files.py", lines / "sitecustomize.py")
    machine.run("chmod", "-R", "a+rX", "/srv/lines")
    machine.write(f"/etc/systemd/system/{LOCK}.service.d/lines.conf", WITH_LINES)
    pem = machine.run("edgeverify", "keys", "show", "--pem", "--config", CONFIG).stdout
    text = LOCK_YAML.format(relay=RELAY, button=BUTTON, broker=door.broker)
    give_lock(machine, "side", text, pem.encode(), f"lock-{DOOR}")
    checked = machine.run(
        "/opt/edgeverify-lock/bin/edgeverify-lock", "check-config", "-c", f"{LOCK_FOLDER}/side.yaml"
    )
    assert "energised to release" in checked.stdout
    machine.run("systemctl", "start", LOCK)
    door.until("the lock's connection", lambda: "the broker is there" in machine.journal(LOCK))
