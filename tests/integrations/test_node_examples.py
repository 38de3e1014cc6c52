"""The lock and the reader in Node, run by Node against a real broker."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random

import pytest

from edgeverify.client import Feed
from edgeverify.daemon.signing_key import KeyRing
from edgeverify.domain import Outcome
from edgeverify.events import (
    NEXT_KEY,
    ClaimMessage,
    Topics,
    encode_answer,
    encode_status,
)
from edgeverify.journal.rows import payload_of
from edgeverify.keys import SigningKeys
from edgeverify.mqtt import ClientId, Credentials, MqttLink
from edgeverify.mqtt.party import Arrival
from edgeverify.settings import MqttSettings
from tests.brokers import Mosquitto
from tests.doors import (
    DOOR,
    decided,
    door_keys,
    event_elsewhere,
    event_of,
    forged_event,
    public_pem,
)
from tests.integrations.conftest import FILES, PACKAGES
from tests.waiting import patience, until

pytestmark = pytest.mark.integrations
TOPICS = Topics(DOOR)


class Program:
    """One of the examples, running; what it prints stands in two files."""

    def __init__(self, command: list[str], folder: Path, port: int) -> None:
        self._said, self._complained = folder / "said", folder / "complained"
        with self._said.open("wb") as said, self._complained.open("wb") as complained:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=os.environ | {"BROKER": f"mqtt://127.0.0.1:{port}"},
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=complained,
            )

    @property
    def said(self) -> list[str]:
        return self._said.read_text().splitlines()

    @property
    def complaints(self) -> list[str]:
        return self._complained.read_text().splitlines()

    def type(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


Start = Callable[..., Program]


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return door_keys(tmp_path)


@pytest.fixture
def start(node: str, broker: Mosquitto, keys: SigningKeys, tmp_path: Path) -> Iterator[Start]:
    folder = tmp_path / "node"
    shutil.copytree(FILES / "node", folder)
    (folder / "node_modules").symlink_to(PACKAGES)
    public_pem(folder, keys.public)
    running: list[Program] = []

    def begin(script: str, *words: str) -> Program:
        program = Program([node, script, DOOR, "front-door.pub", *words], folder, broker.port)
        running.append(program)
        until(lambda: {"listening", "ready"} & set(program.said), "its subscription", 30)
        return program

    yield begin
    for program in running:
        program.end()


def _say(broker: Mosquitto, topic: str, payload: bytes, *, retain: bool = False) -> None:
    with Feed("127.0.0.1", broker.port, topics=()) as feed:
        feed.publish(topic, payload, retain=retain)


def _soon() -> datetime:
    return datetime.now(timezone.utc) + timedelta(seconds=50)


def test_the_lock_opens_once_for_a_grant_and_not_again_after_a_restart(
    start: Start, broker: Mosquitto, keys: SigningKeys, tmp_path: Path
) -> None:
    opened = tmp_path / "opened"
    words = ("last", "touch", str(opened))
    lock = start("lock.mjs", *words)
    grant = event_of(keys, 7, decided("x", at=_soon()))
    _say(broker, TOPICS.event, grant)
    until(lambda: lock.said == ["listening", "open for 0012345"], "the door to open")
    until(opened.exists, "the command to run")
    lock.end()
    again = start("lock.mjs", *words)
    _say(broker, TOPICS.event, grant)
    until(lambda: again.complaints == ["refused: seen before"], "the refusal")
    assert again.said == ["listening"]


def test_the_lock_stays_shut_for_everything_else_and_says_why(
    start: Start, broker: Mosquitto, keys: SigningKeys, tmp_path: Path
) -> None:
    lock = start("lock.mjs", "last")
    now = datetime.now(timezone.utc)
    (tmp_path / "other").mkdir()
    cases = [
        (forged_event(keys, 7), "not signed by the door"),
        (event_of(door_keys(tmp_path / "other"), 8, decided("x", at=_soon())), "not signed"),
        (event_elsewhere(keys, 9), "of another door"),
        (event_of(keys, 10, decided("x", at=now - timedelta(seconds=5.02))), "expired"),
        (event_of(keys, 11, decided("x", at=now + timedelta(days=3650))), "valid for too long"),
        (event_of(keys, 11, decided("x", at=_soon(), opened_by="panel")), "opened by its panel"),
        (b'{"data_base64": 7, "signature": ["x"]}', "not signed"),
        (b"[" * 100_000, "JSON"),
        (b"", "JSON"),
    ]
    for count, (raw, why) in enumerate(cases, start=1):
        _say(broker, TOPICS.event, raw)
        until(lambda count=count: len(lock.complaints) == count, why)
        assert why in lock.complaints[-1]
    _say(broker, TOPICS.event, event_of(keys, 12, decided("x", outcome=Outcome.DENY, at=_soon())))
    _say(broker, TOPICS.event, event_of(keys, 13, decided("x", at=_soon())))
    until(lambda: lock.said == ["listening", "open for 0012345"], "the door to open")


def test_the_lock_follows_an_announced_key_over_its_restarts(
    start: Start, broker: Mosquitto, keys: SigningKeys, tmp_path: Path
) -> None:
    now = datetime.now(timezone.utc)
    ring = KeyRing(tmp_path / "signing-keys.json", now=now)
    assert ring.current.keyid == keys.keyid
    ring.announce(door=DOOR, begins_at=now)
    ring.rotate(door=DOOR, now=now, previous_days=30)
    assert ring.announcement is not None
    status = encode_status("online", DOOR, at=now, details={NEXT_KEY: dict(ring.announcement)})
    _say(broker, TOPICS.status, status, retain=True)
    lock = start("lock.mjs", "last")
    _say(broker, TOPICS.event, event_of(ring.current, 7, decided("x", at=_soon())))
    until(lambda: "open for 0012345" in lock.said, "the door to open")
    lock.end()
    _say(broker, TOPICS.status, b"", retain=True)
    again = start("lock.mjs", "last")
    _say(broker, TOPICS.event, event_of(ring.current, 8, decided("y", at=_soon())))
    until(lambda: "open for 0012345" in again.said, "the door to open")


def test_the_reader_claims_and_prints_the_doors_own_answer(
    start: Start, broker: Mosquitto, keys: SigningKeys, tmp_path: Path
) -> None:
    (tmp_path / "stranger").mkdir()
    stranger = door_keys(tmp_path / "stranger")
    claims: list[Arrival] = []
    link = MqttLink(
        MqttSettings(host="127.0.0.1", port=broker.port),
        DOOR,
        Credentials(),
        client_id=ClientId(DOOR, b"a master key"),
        on_claim=claims.append,
        random=Random(1),
    )
    link.start()
    try:
        assert link.wait_connected(patience(5))
        reader = start("reader.mjs")
        reader.type("0012345")
        until(lambda: claims, "the claim")
        claim = ClaimMessage.from_bytes(claims[0].payload)
        assert claim.card == "0012345"
        decision = payload_of(decided("x", outcome=Outcome.DENY), 7)
        for signer in (stranger, keys):
            link.publish.answer(
                encode_answer(decision, claim.id, signer),
                claims[0].asker,
                expires_at=_soon(),
                now=datetime.now(timezone.utc),
            )
        until(lambda: reader.said == ["ready", "0012345: deny (non_match)"], "the answer")
    finally:
        link.stop()
