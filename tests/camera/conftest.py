"""Cameras to break: videos drawn here, an RTSP server to kill, and a check that nothing leaks."""

from __future__ import annotations

import gc
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from edgeverify.camera.camera import Camera, CameraHealth, CameraState
from edgeverify.domain import Frame
from tests.absent import absent
from tests.waiting import patience

SERVER = Path(__file__).with_name("rtsp_server.py")
DEBIAN_PYTHON = "/usr/bin/python3"
VIDEO_FRAMES = 30
VIDEO_RATE = 20.0


def scene(seed: int = 0, *, width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    """A noisy picture with structure, as a sensor gives it; another for each seed."""
    random = np.random.default_rng(seed)
    rows = np.linspace(40, 180, height)[:, None, None]
    columns = 30 * np.sin(np.linspace(0, 12, width))[None, :, None]
    noise = random.normal(0, 4, (height, width, 3))
    return np.clip(rows + columns + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A video of 30 noisy pictures, 320 x 240, 20 a second."""
    path = tmp_path / "scene.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), VIDEO_RATE, (320, 240))
    for number in range(VIDEO_FRAMES):
        writer.write(scene(number))
    writer.release()
    return path


def wait_for(
    camera: Camera, state: CameraState, seconds: float, *, rate_above: float = -1
) -> CameraHealth:
    """Wait until the camera is in a state (and gives so many frames per second), or fail."""
    end = time.monotonic() + patience(seconds)
    while (health := camera.health()).state is not state or health.frames_per_second <= rate_above:
        assert time.monotonic() < end, f"not {state.value} within {patience(seconds)} s: {health}"
        time.sleep(0.02)
    return health


def wait_for_frame(camera: Camera, after: int, seconds: float) -> Frame:
    """Wait for a new frame; fail with the camera's health."""
    frame = camera.latest(after, patience(seconds))
    assert frame is not None, f"no frame within {patience(seconds)} s: {camera.health()}"
    return frame


@dataclass(frozen=True)
class Handles:
    """What a process holds."""

    files: int
    threads: int
    children: tuple[int, ...]

    @classmethod
    def now(cls) -> Handles:
        process = psutil.Process()
        children = tuple(sorted(child.pid for child in process.children(recursive=True)))
        return cls(process.num_fds(), threading.active_count(), children)

    def is_within(self, before: Handles) -> bool:
        """Whether this is no more than was held before; what others gave back is no leak."""
        return (
            self.files <= before.files
            and self.threads <= before.threads
            and set(self.children) <= set(before.children)
        )


@pytest.fixture
def nothing_leaks() -> Iterator[None]:
    """Compare files, threads and processes before and after the test."""
    gc.collect()  # what tests before left behind is given back now, not in the middle of this one
    before = Handles.now()
    yield
    end = time.monotonic() + patience(5)
    while not (after := Handles.now()).is_within(before):
        assert time.monotonic() < end, f"leaked: {before} became {after}"
        time.sleep(0.05)


@pytest.fixture
def started() -> Callable[[], list[psutil.Process]]:
    """List what the test has started: multiprocessing's tracker of a test before stays on."""
    before = set(psutil.Process().children(recursive=True))
    return lambda: [
        child for child in psutil.Process().children(recursive=True) if child not in before
    ]


class RtspServer:
    """A network camera whose plug can be pulled."""

    def __init__(self, *words: object) -> None:
        self._process = subprocess.Popen(
            [DEBIAN_PYTHON, str(SERVER), *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n", "the RTSP server did not start"

    def change(self, form: str, width: int, height: int) -> None:
        """Go on with other pictures, in mid-stream."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{form} {width} {height}\n".encode())
        self._process.stdin.flush()

    def freeze(self) -> None:
        """Keep every connection, send nothing."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def kill(self) -> None:
        """Pull the plug."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()


StartServer = Callable[..., RtspServer]


def _has_rtsp_server() -> bool:
    check = "import gi; gi.require_version('GstRtspServer', '1.0')"
    try:
        done = subprocess.run(
            [DEBIAN_PYTHON, "-c", check], capture_output=True, timeout=patience(20), check=False
        )
    except OSError:
        return False
    return done.returncode == 0


@pytest.fixture
def rtsp_server() -> Iterator[StartServer]:
    """Start RTSP servers: `rtsp_server(port, width, height, ...)`; all are killed."""
    if not _has_rtsp_server():
        absent("gir1.2-gst-rtsp-server-1.0, python3-gi or GStreamer's plugins are not installed")
    servers: list[RtspServer] = []

    def start(
        port: int,
        width: int = 640,
        height: int = 480,
        *,
        hue: float | None = None,
        rate: int = 25,
        pictures: int = -1,
        transport: str = "any",
        encoder: str = "best",
    ) -> RtspServer:
        hue = random.uniform(-1, 1) if hue is None else hue
        words = (port, width, height, f"{hue:.6f}", rate, pictures, transport, encoder)
        servers.append(RtspServer(*words))
        return servers[-1]

    yield start
    for server in servers:
        if server._process.returncode is None:
            server.kill()
