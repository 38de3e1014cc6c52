"""Kill a door again and again, and compare what it promised with what is left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from typing_extensions import Self

from edgeverify.client import Feed
from edgeverify.events import DecisionPayload, Topics, parse_event
from edgeverify.journal import Journal
from edgeverify.journal.database import integrity
from edgeverify.journal.reading import recent
from edgeverify.mqtt import ClientId, Credentials, MqttLink, OutboxDelivery
from edgeverify.settings import MqttSettings
from tests.brokers import Mosquitto
from tests.doors import DOOR
from tests.journal.door_without_camera import MOMENTS
from tests.waiting import patience, until

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Toll:
    """What a series of kills came to."""

    kills: int
    committed: int
    live: int
    lost: frozenset[str]
    published_twice: frozenset[str]
    live_without_row: frozenset[str]
    never_delivered: frozenset[str]
    unordered: int
    rows: int
    damage: tuple[str, ...]


class Witness:
    """A monitor that hears everything on `event` and `audit`, for as long as it lasts."""

    def __init__(self, port: int) -> None:
        topics = Topics(DOOR)
        self.live: list[DecisionPayload] = []
        self.history: list[DecisionPayload] = []
        self._event = topics.event
        self._feed = Feed("127.0.0.1", port, topics=(topics.event, topics.audit))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        self._feed.__enter__()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._feed.__exit__()

    def _listen(self) -> None:
        while not self._stop.is_set():
            message = self._feed.next(0.2)
            if message is not None:
                decision = DecisionPayload.from_bytes(parse_event(message.payload).payload)
                (self.live if message.topic == self._event else self.history).append(decision)


def kill_often(folder: Path, broker: Mosquitto, kills: int, seed: int) -> Toll:
    """Start and kill a door `kills` times, at random and at the worst moments; then take stock."""
    draw = random.Random(seed)
    promised: dict[str, int] = {}
    nursery = Nursery(folder, broker.port)
    with Witness(broker.port) as witness:
        for number in range(kills):
            chosen = MOMENTS[number % len(MOMENTS)]
            seconds = draw.uniform(0.01, 0.4) if chosen == "any" else 3.0
            promised |= nursery.one_life(chosen, seconds)
        nursery.close()
        _deliver_the_rest(folder / "journal.sqlite", broker.port)
        until(partial(_all_is_heard, folder / "journal.sqlite", witness), "all history to be heard")
    rows = {row.event_id: row for row in recent(folder / "journal.sqlite", limit=10_000_000)}
    first = {}
    for decision in witness.history:
        first.setdefault(decision.event_id, decision.sequence)
    order = list(first.values())
    live = Counter(decision.event_id for decision in witness.live)
    return Toll(
        kills=kills,
        committed=len(promised),
        live=sum(live.values()),
        lost=frozenset(name for name in promised if name not in rows),
        published_twice=frozenset(name for name, count in live.items() if count > 1),
        live_without_row=frozenset(name for name in live if name not in rows),
        never_delivered=frozenset(name for name in rows if name not in first),
        unordered=sum(1 for a, b in zip(order, order[1:]) if b <= a),  # noqa: B905, RUF007 - 3.10
        rows=len(rows),
        damage=integrity(folder / "journal.sqlite"),
    )


class Nursery:
    """A process that brings doors to life, one after the other."""

    def __init__(self, folder: Path, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.journal.door_without_camera", str(folder), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )

    def one_life(self, chosen: str, seconds: float) -> dict[str, int]:
        """Let a door live; return what it acknowledged before it was killed."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{chosen}\n".encode())
        process.stdin.flush()
        promised: dict[str, int] = {}
        timer = None
        for line in process.stdout:
            words = line.split()
            if words[0] == b"born":
                pid = int(words[1])
            elif words[0] == b"dead":
                break
            elif len(words) == 3:
                promised[words[2].decode()] = int(words[1])
                if timer is None:  # its life begins with its first decision
                    timer = threading.Timer(seconds, _kill, (pid,))
                    timer.start()
        if timer is not None:
            timer.cancel()
            timer.join()
        return promised

    def close(self) -> None:
        """End; no door lives any more."""
        self._process.communicate(timeout=patience(10))


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _all_is_heard(path: Path, witness: Witness) -> bool:
    heard = {decision.event_id for decision in witness.history}
    return all(row.event_id in heard for row in recent(path, limit=10_000_000))


def _deliver_the_rest(path: Path, port: int) -> None:
    journal = Journal.open(path, now=datetime.now(timezone.utc)).journal
    settings = MqttSettings(host="127.0.0.1", port=port, max_reconnect_seconds=1.0)
    link = MqttLink(
        settings,
        DOOR,
        Credentials(),
        client_id=ClientId(DOOR, b"a master key"),
        on_claim=lambda _arrival: None,
        random=random.Random(1),
    )
    delivery = OutboxDelivery(journal, link)
    link.start()
    delivery.start()
    until(lambda: journal.outbox_length() == 0, "the rest to be delivered", 60)
    delivery.stop()
    link.stop()
    journal.close()
