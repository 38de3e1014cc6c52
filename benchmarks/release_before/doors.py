"""One start of a release's whole daemon: seconds to READY, memory of it and its capture process.

A real broker, a network camera of 1280x720, one person; liveness off, a threshold by hand.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from edgeverify.errors import StateError
from edgeverify.status_socket import ask
from tests.soak.notifications import Notifications
from tests.waiting import until

PATIENCE_SECONDS = 240.0
REST_SECONDS = 3.0
"""From the last event to a figure of memory: what start-up alone needed has been given back."""
MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """An installed release: its Python, the folder that it is run from, its data folder."""

    name: str
    python: Path
    folder: Path
    data: Path

    @property
    def environ(self) -> dict[str, str]:
        """What its processes have for an environment."""
        return {**os.environ, "XDG_DATA_HOME": str(self.data)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Seconds by the clock and of CPU to READY=1, and resident MiB when the door was at rest."""

    seconds: float
    cpu: float
    daemon: float
    capture: float


def configure(folder: Path, *, bundle: str, camera: int, broker: int, photo: Path) -> None:
    """Write a door that both releases understand into `folder`."""
    (folder / "ada.jpg").write_bytes(photo.read_bytes())
    config = {
        "door": "front-door",
        "model": {"bundle": bundle, "threads": 1},
        "camera": {"source": f"http://127.0.0.1:{camera}/video"},
        "decision": {"threshold": 0.41},
        "liveness": "off",
        "clock": {"allow_unsynced": True},
        "mqtt": {"host": "127.0.0.1", "port": broker},
        "staff": [{"card": "0012345", "name": "Ada", "photos": ["ada.jpg"]}],
    }
    (folder / "door.yaml").write_text(json.dumps(config), encoding="utf-8")


def start(release: Release, folder: Path, state: Path) -> Start:
    """Start the daemon, wait until it is ready and knows the person, measure, end it in order."""
    said = Notifications(folder / "notify")
    command = [str(release.python), "-m", "edgeverify", "run"]
    command += ["--config", str(folder / "door.yaml"), "--state", str(state)]
    environ = {**release.environ, "NOTIFY_SOCKET": str(said.path)}
    log = folder / f"{release.name}.log"
    began = time.monotonic()
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env=environ, cwd=release.folder, start_new_session=True
        )
    try:

        def is_ready() -> bool:
            if process.poll() is not None:
                raise SystemExit(f"{release.name} ended:\n{log.read_text('utf-8')[-2000:]}")
            return said.said("READY=1") > 0

        until(is_ready, f"READY=1 of {release.name}", PATIENCE_SECONDS)
        ready = next(at for at, line in said.heard if line == "READY=1")
        daemon = psutil.Process(process.pid)
        cpu = sum(daemon.cpu_times()[:2])
        until(lambda: _knows_everybody(state), "the person to be known", PATIENCE_SECONDS)
        time.sleep(REST_SECONDS)
        (capture,) = daemon.children(recursive=True)
        return Start(
            seconds=ready - began,
            cpu=cpu,
            daemon=daemon.memory_info().rss / MEBIBYTE,
            capture=capture.memory_info().rss / MEBIBYTE,
        )
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)
        said.close()


def _knows_everybody(state: Path) -> bool:
    try:
        status = ask(state, "status")
    except StateError:
        return False
    camera = status.get("camera")
    sees = isinstance(camera, dict) and camera.get("state") == "ok"
    return sees and status.get("references") == 1 and status.get("is_enrolling") is False
