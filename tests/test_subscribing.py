"""A lock at a real broker: the README's program, restarts, what is kept on disk, history."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from edgeverify.client import DoorEvent, subscribe
from edgeverify.daemon.signing_key import KeyRing
from edgeverify.domain import Outcome
from edgeverify.errors import BrokerError, EventError, StateError
from edgeverify.events import NEXT_KEY, EventKind, Topics, encode_status
from edgeverify.keys import SigningKeys
from tests.brokers import Mosquitto, mosquitto, publish
from tests.doors import DOOR, NOON, decided, door_keys, event_of, public_pem
from tests.ports import free_port
from tests.waiting import patience

ROOT = Path(__file__).resolve().parent.parent
TOPICS = Topics(DOOR)


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The subscriber keeps its sequence in a folder of this test."""
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return door_keys(tmp_path)


def test_without_a_broker_it_says_so(keys: SigningKeys, tmp_path: Path) -> None:
    pem = public_pem(tmp_path, keys.public)
    with pytest.raises(BrokerError, match=r"127\.0\.0\.1"):
        next(subscribe("127.0.0.1", port=free_port(), door=DOOR, verify_key=pem))


def test_the_lock_controller_of_the_readme_opens_for_the_right_event_only(
    keys: SigningKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- lock-controller -->\s*```python\n(.*?)```", readme, re.DOTALL)
    assert found is not None, "the README shows a lock controller in Python"
    program = found[1]
    assert len(program.strip().splitlines()) <= 10
    public_pem(tmp_path, keys.public)
    opened: list[str] = []
    with mosquitto(tmp_path / "broker") as broker:

        def start() -> None:
            fresh = decided("yes")
            late = decided("late", at=datetime.now(timezone.utc) - timedelta(minutes=1))
            for raw in (
                b"open sesame",
                event_of(keys, 5, late),
                event_of(keys, 6, decided("no", outcome=Outcome.DENY)),
                event_of(keys, 7, fresh),
                event_of(keys, 7, fresh),
                event_of(keys, 8, decided("the last", outcome=Outcome.DENY)),
            ):
                publish(broker, TOPICS.event, raw)

        real = subscribe

        def here(_host: str, **options: object) -> Iterator[DoorEvent]:
            publisher = threading.Thread(target=start)
            for event in real(
                "127.0.0.1",
                port=broker.port,
                on_ready=publisher.start,
                **options,  # type: ignore[arg-type]
            ):
                yield event
                if event.decision.event_id == "event-the last":
                    publisher.join()
                    return

        monkeypatch.setattr("edgeverify.client.subscribe", here)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setitem(
            __builtins__ if isinstance(__builtins__, dict) else vars(__builtins__),
            "print",
            lambda *words: opened.append(" ".join(map(str, words))),
        )
        exec(compile(program, "README.md", "exec"), {})  # noqa: S102 - the README's own words
    assert opened == ["open for 0012345"]


class _PoweredOffError(Exception):
    """The lock's day is over."""


def _opened(broker: Mosquitto, pem: Path, raw: bytes, **more: object) -> list[int]:
    """Start a lock, play one message to it, and return the sequences that it accepted."""
    opened: list[int] = []

    def play() -> None:
        for payload in (raw, b"the end"):
            publish(broker, TOPICS.event, payload)

    def refused(error: EventError) -> None:
        if "JSON" in str(error):
            raise _PoweredOffError

    events = subscribe(
        "127.0.0.1",
        port=broker.port,
        door=DOOR,
        verify_key=pem,
        on_ready=threading.Thread(target=play).start,
        on_refused=refused,
        **more,  # type: ignore[arg-type]
    )
    with suppress(_PoweredOffError):
        opened.extend(event.sequence for event in events)
    return opened


@pytest.mark.parametrize("damage", [None, b"", b"seven"])
def test_a_lock_that_was_started_again_does_not_open_twice_for_one_grant(
    damage: bytes | None, keys: SigningKeys, tmp_path: Path
) -> None:
    pem = public_pem(tmp_path, keys.public)
    kept = tmp_path / "lock.sequence"
    started = datetime.now(timezone.utc)
    raw = event_of(keys, 7, decided("x", at=started + timedelta(seconds=20)))
    with mosquitto(tmp_path / "broker") as broker:
        assert _opened(broker, pem, raw, sequence_file=kept) == [7]
        assert kept.read_text() == "7\n"
        later = started + timedelta(seconds=21)
        if damage is not None:
            kept.write_bytes(damage)
        assert _opened(broker, pem, raw, sequence_file=kept, now=lambda: later) == []


def test_the_sequence_is_kept_without_being_asked(keys: SigningKeys, tmp_path: Path) -> None:
    pem = public_pem(tmp_path, keys.public)
    raw = event_of(keys, 7, decided("x", at=datetime.now(timezone.utc) + timedelta(seconds=20)))
    with mosquitto(tmp_path / "broker") as broker:
        assert _opened(broker, pem, raw) == [7]
        assert _opened(broker, pem, raw) == []
    (kept,) = (tmp_path / "state").rglob("*.sequence")
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_lock_that_cannot_keep_its_sequence_says_so_and_opens_nothing(
    keys: SigningKeys, tmp_path: Path
) -> None:
    pem = public_pem(tmp_path, keys.public)
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="keeps the last sequence"):
        next(
            subscribe(
                "127.0.0.1", door=DOOR, verify_key=pem, sequence_file=tmp_path / "file" / "last"
            )
        )


def test_history_can_be_followed(keys: SigningKeys, tmp_path: Path) -> None:
    pem = public_pem(tmp_path, keys.public)
    old = decided("old", at=NOON - timedelta(days=300))
    refused: list[EventError] = []
    with mosquitto(tmp_path / "broker") as broker:

        def start() -> None:
            publish(broker, TOPICS.audit, event_of(keys, 5, old))
            publish(broker, TOPICS.audit, event_of(keys, 5, old, kind=EventKind.HISTORY))

        publisher = threading.Thread(target=start)
        events = subscribe(
            "127.0.0.1",
            port=broker.port,
            door=DOOR,
            verify_key=pem,
            history=True,
            idle_seconds=patience(10),
            on_ready=publisher.start,
            on_refused=refused.append,
        )
        event = next(events)
        publisher.join()
        events.close()  # type: ignore[attr-defined]
    assert event.decision.event_id == "event-old"
    assert not event.granted
    assert len(refused) == 1


def test_a_lock_follows_an_announced_key_over_its_restarts(tmp_path: Path) -> None:
    now = datetime.now(timezone.utc)
    (tmp_path / "door").mkdir()
    ring = KeyRing(tmp_path / "door" / "signing-keys.json", now=now)
    pem = public_pem(tmp_path, ring.current.public)
    ring.announce(door=DOOR, begins_at=now)
    assert ring.announcement is not None
    told = encode_status("online", DOOR, at=NOON, details={NEXT_KEY: dict(ring.announcement)})
    ring.rotate(door=DOOR, now=now, previous_days=30)
    for sequence, name in ((7, "first"), (8, "after a restart, nothing announced")):
        with mosquitto(tmp_path / f"broker-{sequence}") as broker:
            if sequence == 7:
                publish(broker, TOPICS.status, told, retain=True)

            def send(
                broker: Mosquitto = broker, sequence: int = sequence, name: str = name
            ) -> None:
                raw = event_of(ring.current, sequence, decided(name))
                publish(broker, TOPICS.event, raw)

            sending = threading.Thread(target=send)
            lock = subscribe(
                "127.0.0.1",
                port=broker.port,
                door=DOOR,
                verify_key=pem,
                on_ready=sending.start,
                idle_seconds=patience(20),
            )
            event = next(lock)
            sending.join()
            lock.close()  # type: ignore[attr-defined]
        assert event.granted
        assert (event.sequence, event.keyid) == (sequence, ring.current.keyid)
