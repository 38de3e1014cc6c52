"""A whole door in a test: daemon process, real broker, network camera, made-up heat, small disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from edgeverify.daemon.heat_watch import SYS_VARIABLE
from edgeverify.demo.scenes import OTHER_CARD, OWNER_CARD
from edgeverify.errors import StateError
from edgeverify.status_socket import Json, ask
from tests.brokers import Mosquitto, Proxy
from tests.faces import DATA
from tests.soak.camera import Camera
from tests.soak.full_disk import FullDisk
from tests.soak.props import Props
from tests.thermal.conftest import SensorTree
from tests.waiting import patience, until

ROOT = Path(__file__).resolve().parents[2]
DOOR = "front-door"
THRESHOLD = 0.94
"""Between this network's mated and non-mated scores on the few photos here, by a wide margin."""
STANDING = frozenset({"liveness_off", "threshold_by_hand", "model_weak", "clock_unsynced"})
"""What these doors are degraded by at all times: the people are photos, and few;
the clock of a test machine is not always synchronised."""
STAFF = (
    {"card": OWNER_CARD, "name": "Ada", "photos": ["ada.jpg"]},
    {"card": OTHER_CARD, "name": "Bob", "photos": ["bob.jpg"]},
)
DISK_BYTES = 24 << 20
COOL, CRITICAL = "45000", "99000"


@dataclass
class World:
    """Everything around the daemon, and the daemon."""

    folder: Path
    props: Props
    broker: Mosquitto
    proxy: Proxy
    camera: Camera
    heat: SensorTree
    has_small_disk: bool
    changes: dict[str, object] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    program: tuple[str, ...] = ("-m", "edgeverify")
    stdin: int | None = None
    """A descriptor that the daemon reads as its standard input."""
    process: subprocess.Popen[bytes] | None = None
    camera_is_whole: bool = True

    @cached_property
    def disk(self) -> FullDisk:
        return FullDisk(self.state / "filler")

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def config(self) -> Path:
        return self.folder / "door.yaml"

    @property
    def journal(self) -> Path:
        return self.state / "journal.sqlite"

    @property
    def log(self) -> str:
        """What the daemon has written."""
        path = self.folder / "daemon.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def configure(self, **changes: object) -> None:
        """Write the config whole; `changes` are kept for the next time."""
        self.changes |= changes
        config: dict[str, object] = {
            "door": DOOR,
            "model": {
                "bundle": str(self.props.models / "dlib-resnet"),
                "accept_weak": True,
                "threads": 1,
            },
            "camera": {
                "source": f"http://127.0.0.1:{self.camera.port}/video",
                "frozen_seconds": 2.0,
            },
            "decision": {"threshold": THRESHOLD, "timeout_seconds": 3.0},
            "lockout": {"max_failures": 50},
            "liveness": "off",
            "clock": {"allow_unsynced": True},
            "thermal": {"min_dwell_seconds": 1.0},
            "metrics": {"textfile": str(self.folder / "door.prom")},
            "mqtt": {"host": "127.0.0.1", "port": self.proxy.port, "max_reconnect_seconds": 2.0},
            "staff": list(STAFF),
        } | self.changes
        # JSON is YAML; written aside and moved, so that the daemon never reads half of it.
        aside = self.folder / "new.yaml"
        aside.write_text(json.dumps(config), encoding="utf-8")
        aside.replace(self.config)

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the daemon; its log goes to a file."""
        command = [sys.executable, *self.program, "run"]
        command += ["--config", str(self.config), "--state", str(self.state)]
        environ = {
            **os.environ,
            "XDG_DATA_HOME": str(DATA),
            SYS_VARIABLE: str(self.heat.root),
            **self.environ,
        }
        with (self.folder / "daemon.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=self.stdin, stdout=log, stderr=log, env=environ, cwd=ROOT
            )
        return self.process

    def start(self) -> None:
        """Start the daemon and wait until it sees and knows both people."""
        self.spawn()
        until(self.is_well, "a daemon that is well", 60)

    def is_well(self) -> bool:
        """Tell whether only what always stands is degraded, and both people are known."""
        assert self.process is not None
        assert self.process.poll() is None, f"the daemon ended:\n{self.log}"
        status = self.status()
        busy = status.get("is_enrolling") is not False or status.get("references") != 2
        return not busy and self.reasons() <= STANDING and self._sees() and self.hears_claims()

    def hears_claims(self) -> bool:
        """Tell whether the door is connected to the broker."""
        broker = self.status().get("broker")
        return isinstance(broker, dict) and broker["connected"] is True

    def _sees(self) -> bool:
        camera = self.status().get("camera")
        return isinstance(camera, dict) and camera["state"] == "ok"

    def status(self) -> dict[str, Json]:
        """Ask the daemon over its socket; empty while it does not answer."""
        try:
            return ask(self.state, "status")
        except StateError:
            return {}

    def reasons(self) -> set[str]:
        """Name what is degraded now."""
        found = self.status().get("reasons", [])
        assert isinstance(found, list)
        return {str(one["name"]) for one in found if isinstance(one, dict)}

    def kill(self) -> None:
        """SIGKILL, as the worst moment would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> int:
        """SIGTERM; return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(patience(30))
        self.process = None
        return code

    def fill_the_disk(self) -> None:
        """Leave no byte free; what SQLite had in reserve goes too."""
        for database in (self.journal, self.state / "references.sqlite"):
            _empty_the_log(database)
        self.disk.fill()

    def free_the_disk(self) -> None:
        self.disk.free()

    def mount_again(self, how: str) -> None:
        """Make the small disk read-only (`ro`) or writable again (`rw`)."""
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.state)], check=True)

    def heat_to(self, raw: str) -> None:
        """Set the processor's temperature, in thousandths of a degree."""
        self.heat.zone(0, "x86_pkg_temp", raw)


def _empty_the_log(database: Path) -> None:
    connection = sqlite3.connect(database, timeout=5.0)
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a small file system of its own, where this user may; else give False."""
    folder.mkdir(mode=0o700)
    options = f"size={DISK_BYTES},mode=0700"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    mount = shutil.which("mount")
    is_mounted = (
        os.geteuid() == 0
        and mount is not None
        and subprocess.run(command, check=False, capture_output=True).returncode == 0
    )
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def world(
    folder: Path,
    props: Props,
    *,
    environ: Mapping[str, str] | None = None,
    program: tuple[str, ...] = ("-m", "edgeverify"),
    **changes: object,
) -> Iterator[World]:
    """Build everything around a daemon; the test starts it. All is taken down at the end."""
    (folder / "ada.jpg").write_bytes(props.owner_id_photo)
    (folder / "bob.jpg").write_bytes(props.other_id_photo)
    broker = Mosquitto(folder / "broker")
    broker.start()
    proxy = Proxy(broker.port)
    camera = Camera(props.films)
    heat = SensorTree(folder / "sys")
    with small_disk(folder / "state") as has_small_disk:
        made = World(folder, props, broker, proxy, camera, heat, has_small_disk)
        made.program = program
        made.environ = dict(environ or {})
        made.heat_to(COOL)
        camera.start()
        made.configure(**changes)
        try:
            yield made
        finally:
            made.kill()
            made.free_the_disk()
            camera.unplug()
            proxy.close()
            broker.kill()
