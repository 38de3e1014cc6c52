"""The real daemon as a process: real broker, real video at its own pace, real signals."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import pytest

from edgeverify.client import EventChecker, Feed
from edgeverify.demo.actors import Cast
from edgeverify.demo.scenes import OTHER_CARD, OWNER_CARD, Film
from edgeverify.errors import StateError
from edgeverify.events import ClaimMessage, DecisionPayload, Topics, encode_claim
from edgeverify.keys import load_signing_keys
from edgeverify.status_socket import Json, ask
from tests.brokers import Mosquitto, mosquitto
from tests.daemon.conftest import THRESHOLD

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PATIENCE_SECONDS = 60.0
DOOR = "front-door"


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.1)


@dataclass
class LivingDoor:
    """A running daemon and what a test does to it."""

    folder: Path
    broker: Mosquitto
    process: subprocess.Popen[bytes]

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def log(self) -> str:
        return (self.folder / "daemon.log").read_text(encoding="utf-8", errors="replace")

    def status(self) -> dict[str, Json]:
        try:
            return ask(self.state, "status")
        except StateError:
            return {}

    def reasons(self) -> set[str]:
        found = self.status().get("reasons", [])
        assert isinstance(found, list)
        return {str(one["name"]) for one in found if isinstance(one, dict)}

    def wait_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.log
            status = self.status()
            camera = status.get("camera")
            is_seeing = isinstance(camera, dict) and camera["state"] == "ok"
            return is_seeing and status.get("references") == 2

        _until(ready, "a camera that sees and two references")

    def claim(self, card: str, feed: Feed) -> DecisionPayload:
        """Claim as a reader does, and return the checked decision."""
        now = datetime.now(timezone.utc)
        keys = load_signing_keys(self.state / "signing-keys.json", now=now).accepted(now)
        checker = EventChecker(DOOR, keys)
        message = ClaimMessage(id=uuid.uuid4().hex, card=card, issued_at=now)
        feed.publish(Topics(DOOR).claim, encode_claim(message, source="/test"))
        while (arrived := feed.next(PATIENCE_SECONDS)) is not None:
            if arrived.topic != Topics(DOOR).event:
                continue
            event = checker.check(
                arrived.payload, now=datetime.now(timezone.utc), is_retained=arrived.is_retained
            )
            if event.decision.claim_id == message.id:
                return event.decision
        raise AssertionError(f"no decision; the daemon says:\n{self.log}")


def write_config(folder: Path, port: int, **changes: object) -> None:
    config: dict[str, object] = {
        "door": DOOR,
        "model": {"bundle": str(folder / "models" / "dlib-resnet"), "threads": 1},
        "camera": {"source": "film.avi", "loop": True},
        "decision": {"threshold": THRESHOLD, "timeout_seconds": 30.0},
        "liveness": "off",
        "clock": {"allow_unsynced": True},
        "mqtt": {"host": "127.0.0.1", "port": port, "max_reconnect_seconds": 2.0},
        "staff": [
            {"card": OWNER_CARD, "name": "Ada", "photos": ["ada.jpg"]},
            {"card": OTHER_CARD, "name": "Bob", "photos": ["bob.jpg"]},
        ],
    }
    config.update(changes)
    # JSON is YAML; written aside and moved, so that the daemon never reads half of it.
    (folder / "new.yaml").write_text(json.dumps(config), encoding="utf-8")
    (folder / "new.yaml").replace(folder / "door.yaml")


@pytest.fixture
def living_door(
    tmp_path: Path,
    cast: Cast,
    films: Callable[[Film, int], Path],
    dlib_bundle: Path,
) -> Iterator[LivingDoor]:
    folder = tmp_path
    shutil.copytree(dlib_bundle, folder / "models" / "dlib-resnet")
    shutil.copy(films(Film.OWNER_WALKS_UP, 40), folder / "film.avi")
    (folder / "ada.jpg").write_bytes(cast.owner_id_photo)
    (folder / "bob.jpg").write_bytes(cast.other_id_photo)
    (folder / "broker").mkdir()
    with mosquitto(folder / "broker") as broker, (folder / "daemon.log").open("wb") as log:
        write_config(folder, broker.port)
        command = [sys.executable, "-m", "edgeverify", "run"]
        command += ["--config", str(folder / "door.yaml"), "--state", str(folder / "state")]
        environ = {**os.environ, "XDG_DATA_HOME": str(folder)}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
        door = LivingDoor(folder, broker, process)
        try:
            door.wait_ready()
            yield door
        finally:
            process.kill()
            process.wait()


def _listen(door: LivingDoor) -> Feed:
    topics = Topics(DOOR)
    return Feed("127.0.0.1", door.broker.port, topics=(topics.event, topics.audit))


def test_a_day_at_the_door(living_door: LivingDoor) -> None:
    """Grant, non-match, reload to another config, a broken config, and an orderly end."""
    door = living_door
    with _listen(door) as feed:
        assert door.claim(OWNER_CARD, feed).outcome.value == "grant"
        assert door.claim(OTHER_CARD, feed).reason.value == "non_match"
        assert door.claim("nobody", feed).reason.value == "unknown_reference"

        # The manager takes Ada out and tells the daemon.
        bob = {"card": OTHER_CARD, "name": "Bob", "photos": ["bob.jpg"]}
        write_config(door.folder, door.broker.port, staff=[bob])
        door.process.send_signal(signal.SIGHUP)
        _until(lambda: door.status().get("references") == 1, "Ada's reference to go")
        assert door.claim(OWNER_CARD, feed).reason.value == "unknown_reference"

        # Then somebody mistypes a key: the door goes on with what it has, and says so.
        write_config(door.folder, door.broker.port, staff=[bob], liveliness="off")
        _until(lambda: "config_rejected" in door.reasons(), "the broken config to be named")
        assert door.status()["references"] == 1
        assert door.claim(OTHER_CARD, feed).reason.value == "non_match"

    door.process.send_signal(signal.SIGTERM)
    assert door.process.wait(20) == 0
    assert "Traceback" not in door.log


def test_a_grant_decided_while_the_broker_is_away_arrives_only_as_history(
    living_door: LivingDoor,
) -> None:
    door = living_door
    with _listen(door) as feed:
        door.claim(OTHER_CARD, feed)
    door.broker.kill()
    _until(lambda: any(n.startswith("broker_") for n in door.reasons()), "the broker to be missed")
    before = len(_decisions(door))
    write_config(
        door.folder,
        door.broker.port,
        claims={"sources": ["fixed"], "fixed_card": OWNER_CARD, "retry_pause_seconds": 60.0},
    )
    _until(lambda: "grant" in _decisions(door)[before:], "a grant while the broker is away")
    door.broker.start()
    seen: dict[str, list[str]] = {"event": [], "audit": []}
    deadline = time.monotonic() + 30
    with _listen(door) as feed:
        while "grant" not in seen["audit"] and time.monotonic() < deadline:
            message = feed.next(1.0)
            if message is None:
                continue
            event = json.loads(message.payload)
            payload = json.loads(b64decode(event["data_base64"]))
            seen[message.topic.rsplit("/", 1)[1]].append(payload["outcome"])
    assert "grant" in seen["audit"]
    assert "grant" not in seen["event"]


def _decisions(door: LivingDoor) -> list[str]:
    words = [line for line in door.log.splitlines() if " decided " in line]
    return [line.split("outcome=")[1].split()[0] for line in words]


def test_a_second_daemon_on_the_same_state_is_refused(living_door: LivingDoor) -> None:
    door = living_door
    command = [sys.executable, "-m", "edgeverify", "run"]
    command += ["--config", str(door.folder / "door.yaml"), "--state", str(door.state)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 2
    assert f"in use by process {door.process.pid}" in second.stderr
    assert "Traceback" not in second.stderr
