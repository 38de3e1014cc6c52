"""What heat costs: CPU use while nobody is there, and the latency of decisions, at every level.

The real daemon runs on a film, once of an empty room and once of somebody who stands there, with a
made-up sensor tree that this program warms. Run from the repository's root:

    python -m benchmarks.thermal_levels --photo PHOTO [--models FOLDER] [--seconds 15] [--claims 10]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import psutil

from edgeverify.daemon.heat_watch import SYS_VARIABLE
from edgeverify.errors import EdgeverifyError
from edgeverify.status_socket import Json, ask
from tests.brokers import mosquitto

CELSIUS = {"full": 50, "half": 75, "slow": 84, "suspended": 95}
WALL_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One level: CPU seconds per second while idle, decisions with their milliseconds."""

    level: str
    idle_cpu: float
    decisions: int
    outcome: str
    p50_milliseconds: float
    p95_milliseconds: float


def film(path: Path, photo: Path | None) -> None:
    """Make six seconds of an empty room, or of a photograph that sways in it."""
    width, height, frames = 1280, 720, 90
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 15, (width, height))
    # A wall with light on it: a plain surface would be a covered lens.
    light = np.linspace(60, 200, width, dtype=np.float32)[None, :, None]
    room = np.broadcast_to(light, (height, width, 3)).astype(np.uint8)
    chance = np.random.default_rng(1)
    face = None if photo is None else cv2.imread(str(photo))
    for index in range(frames):
        picture = room.copy()
        if face is not None:
            turn = np.sin(2 * np.pi * index / frames)
            scale = height / face.shape[0] * (1 + 0.03 * turn)
            move = np.array([[scale, 0, 300 + 10 * turn], [0, scale, 0]], np.float32)
            picture = cv2.warpAffine(face, move, (width, height), borderValue=(120, 120, 120))
        noise = chance.integers(-3, 4, picture.shape, dtype=np.int16)
        writer.write(np.clip(picture.astype(np.int16) + noise, 0, 255).astype(np.uint8))
    writer.release()


def config(folder: Path, film_path: Path, port: int, photo: Path) -> Path:
    """Write a config that looks on its own (walk_up) and takes claims too."""
    (folder / "face.jpg").write_bytes(photo.read_bytes())
    sources = "[mqtt]" if film_path.stem == "person" else "[mqtt, walk_up]"
    path = folder / f"{film_path.stem}.yaml"
    path.write_text(
        f"door: {film_path.stem}\n"
        f"camera: {{source: {film_path.name}, loop: true}}\n"
        f"claims: {{sources: {sources}}}\n"
        "decision: {threshold: 0.9}\n"
        'liveness: "off"\n'
        "clock: {allow_unsynced: true}\n"
        f"mqtt: {{host: 127.0.0.1, port: {port}}}\n"
        "thermal: {min_dwell_seconds: 1, hysteresis_celsius: 1}\n"
        'staff:\n  - {card: "1", name: Somebody, photos: [face.jpg]}\n',
        encoding="utf-8",
    )
    return path


class Door:
    """The real daemon in a child process, with sensors under `root`."""

    def __init__(self, path: Path, root: Path, state: Path) -> None:
        self._zone = root / "class/thermal/thermal_zone0"
        self._zone.mkdir(parents=True, exist_ok=True)
        (self._zone / "type").write_text("cpu-thermal\n")
        self.warm("full")
        self.config, self.state = path, state
        self._process = subprocess.Popen(
            [sys.executable, "-m", "edgeverify", "run", "-c", str(path), "--state", str(state)],
            env=os.environ | {SYS_VARIABLE: str(root)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.cpu = psutil.Process(self._process.pid)

    def warm(self, level: str) -> None:
        """Set the made-up temperature."""
        (self._zone / "temp").write_text(f"{CELSIUS[level] * 1000}\n")

    def status(self) -> dict[str, Json]:
        """Ask the daemon; empty while it does not answer."""
        try:
            return ask(self.state, "status")
        except EdgeverifyError:
            return {}

    def reach(self, level: str) -> None:
        """Warm the sensors and wait until the governor has followed."""
        self.warm(level)
        deadline = time.monotonic() + WALL_SECONDS
        while time.monotonic() < deadline:
            status = self.status()
            heat = status.get("heat")
            ready = status.get("is_enrolling") is False and status.get("references") == 1
            if ready and isinstance(heat, dict) and heat.get("level") == level:
                return
            time.sleep(0.2)
        raise SystemExit(f"level {level} was not reached: {self.status()}")

    def idle_cpu(self, seconds: float) -> float:
        """CPU seconds per second, of the daemon and its children."""
        before = _cpu_seconds(self.cpu)
        time.sleep(seconds)
        return (_cpu_seconds(self.cpu) - before) / seconds

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(20)


def _cpu_seconds(process: psutil.Process) -> float:
    family = [process, *process.children(recursive=True)]
    return sum(sum(member.cpu_times()[:2]) for member in family)


def claims(door: Door, count: int) -> list[dict[str, Json]]:
    """Send so many claims, one after the other, and return the journal's rows of them."""
    where = ["--config", str(door.config), "--state", str(door.state), "--json"]
    command = [sys.executable, "-m", "edgeverify"]
    for _ in range(count):
        subprocess.run(
            [*command, "claim", "1", *where], check=False, stdout=subprocess.DEVNULL, timeout=60
        )
    listed = subprocess.run(
        [*command, "journal", "list", *where, "-n", str(count)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [json.loads(line) for line in listed.splitlines()]


def measure(photo: Path, seconds: float, count: int) -> list[Row]:
    """Run both films through every level."""
    rows = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(mosquitto(folder / "broker"))
        doors = {}
        for scene, face in (("empty", None), ("person", photo)):
            film(folder / f"{scene}.mp4", face)
            path = config(folder, folder / f"{scene}.mp4", broker.port, photo)
            doors[scene] = (path, folder / f"sys-{scene}", folder / f"state-{scene}")
        idle: dict[str, float] = {}
        with closing(Door(*doors["empty"])) as door:
            for level in CELSIUS:
                door.reach(level)
                idle[level] = door.idle_cpu(seconds)
        stack.callback((door := Door(*doors["person"])).close)
        for level in CELSIUS:
            door.reach(level)
            found = claims(door, count)
            times = sorted(float(str(row["duration_seconds"])) * 1000 for row in found)
            outcomes = sorted({f"{row['outcome']} {row['reason']}" for row in found})
            rows.append(
                Row(
                    level=level,
                    idle_cpu=round(idle[level], 3),
                    decisions=len(found),
                    outcome=", ".join(outcomes),
                    p50_milliseconds=round(statistics.median(times), 1),
                    p95_milliseconds=round(times[int(0.95 * (len(times) - 1))], 1),
                )
            )
    return rows


def main() -> None:
    """Print one JSON object a level."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photo", type=Path, required=True)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--claims", type=int, default=10)
    asked = parser.parse_args()
    if asked.models:
        # The models folder of a user: $XDG_DATA_HOME/edgeverify/models.
        home = Path(tempfile.mkdtemp())
        (home / "edgeverify").mkdir()
        (home / "edgeverify/models").symlink_to(asked.models.absolute())
        os.environ["XDG_DATA_HOME"] = str(home)
    for row in measure(asked.photo, asked.seconds, asked.claims):
        print(json.dumps(asdict(row)), flush=True)


if __name__ == "__main__":
    main()
