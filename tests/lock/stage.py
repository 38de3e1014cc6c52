"""A lock program as a process, at a real broker, with a relay that writes down what it does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from typing_extensions import Self

from edgeverify.client import Feed, RawMessage
from edgeverify.events import LockReport, Topics
from edgeverify.keys import SigningKeys
from tests.brokers import Mosquitto
from tests.doors import DOOR, public_pem
from tests.waiting import patience, until

TOPICS = Topics(DOOR)


def relay_programs(folder: Path) -> tuple[Path, Path, Path]:
    """Two programs, and the file in which each writes a line when it is run."""
    said = folder / "relay.log"
    said.touch()
    made = []
    for word in ("released", "resting"):
        program = folder / f"relay-{word}"
        program.write_text(f"#!/bin/sh\necho {word} >> {said}\n", encoding="utf-8")
        program.chmod(0o755)
        made.append(program)
    return made[0], made[1], said


@dataclass
class Lock:
    """One lock program; `moves` is what its relay has done, in order."""

    folder: Path
    config: Path
    relay_log: Path
    process: subprocess.Popen[bytes] | None = None
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def moves(self) -> list[str]:
        return self.relay_log.read_text(encoding="utf-8").split()

    @property
    def log(self) -> str:
        return (self.folder / "lock.log").read_text(encoding="utf-8", errors="replace")

    def start(self) -> Lock:
        """Start it, and wait until its relay was put to rest."""
        rests = self.moves.count("resting")
        with (self.folder / "lock.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "edgeverify.lock.main", "run", "-c", str(self.config)],
                env={**os.environ, "STATE_DIRECTORY": str(self.folder / "state"), **self.environ},
                stderr=log,
            )
        until(lambda: self.moves.count("resting") > rests, "the lock to put its relay to rest", 20)
        return self

    def child(self) -> int:
        """The relay's process."""
        assert self.process is not None
        tasks = Path(f"/proc/{self.process.pid}/task")
        children = [
            int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()
        ]
        assert len(children) == 1, children
        return children[0]

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(patience(20))


@contextmanager
def lock(
    folder: Path, broker: Mosquitto, keys: SigningKeys, *lines: str, pulse_seconds: float = 0.3
) -> Iterator[Lock]:
    """A running lock for the length of a block."""
    folder.mkdir(parents=True, exist_ok=True)
    released, resting, said = relay_programs(folder)
    public_pem(folder, keys.public)
    config = folder / "lock.yaml"
    text = [
        f"door: {DOOR}",
        "keys: [front-door.pub]",
        "lock_type: fail_secure",
        "relay:",
        "  kind: command",
        f"  release: [{released}]",
        f"  rest: [{resting}]",
        f"pulse_seconds: {pulse_seconds}",
        "allow_unsynced_clock: true",
        "mqtt:",
        "  host: 127.0.0.1",
        f"  port: {broker.port}",
        "  max_reconnect_seconds: 1",
        *lines,
    ]
    config.write_text("\n".join(text) + "\n", encoding="utf-8")
    running = Lock(folder, config, said).start()
    try:
        yield running
    finally:
        running.end(signal.SIGKILL)


class Reports:
    """What stands on the lock's topic, read by a client of its own; a context manager."""

    def __init__(self, broker: Mosquitto) -> None:
        self._feed = Feed("127.0.0.1", broker.port, topics=(TOPICS.lock,))
        self.seen: list[LockReport] = []
        self.raw: list[RawMessage] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._feed.__enter__()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(patience(5))
        self._feed.__exit__()

    @property
    def states(self) -> list[str]:
        return [report.state.value for report in self.seen]

    def _read(self) -> None:
        while not self._stop.is_set():
            message = self._feed.next(0.1)
            if message is not None:
                self.raw.append(message)
                self.seen.append(LockReport.from_bytes(message.payload))
                json.loads(message.payload)
