"""Somebody has taken over the decoder: what the code that runs there can still reach."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from random import Random

import psutil
import pytest

from edgeverify.camera.camera import CameraState
from edgeverify.camera.confinement import landlock
from edgeverify.camera.live import LiveCamera, LiveSource
from edgeverify.camera.open_camera import open_camera
from edgeverify.camera.orders import make_order
from edgeverify.camera.source import parse_source
from edgeverify.keys import load_signing_keys
from edgeverify.settings import CameraSettings
from tests.absent import absent
from tests.camera.conftest import wait_for, wait_for_frame
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("nothing_leaks")

TAKEN_OVER = """
import ctypes, json, os, resource, socket, subprocess, sys
from pathlib import Path
from edgeverify.camera import capture
from edgeverify.errors import CameraError

WANTED = json.loads({wanted!r})

def local():
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(WANTED["socket"])

def connect(port):
    socket.create_connection(("127.0.0.1", port), 5).close()

def trace():
    if ctypes.CDLL(None, use_errno=True).ptrace(0x4206, os.getppid(), 0, 0):
        raise OSError(ctypes.get_errno(), "")

ATTEMPTS = {{
    "read a key": lambda: Path(WANTED["key"]).read_bytes(),
    "list the state": lambda: os.listdir(Path(WANTED["key"]).parent),
    "read the config": lambda: Path(WANTED["config"]).read_bytes(),
    "let others read a key": lambda: os.chmod(WANTED["key"], 0o644),
    "let others into the state": lambda: os.chmod(Path(WANTED["key"]).parent, 0o755),
    "give a key away": lambda: os.chown(WANTED["key"], os.geteuid(), os.getegid()),
    "change a key's time": lambda: os.utime(WANTED["key"]),
    "limit the daemon": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CORE),
    "hold the daemon to a processor": lambda: os.sched_setaffinity(
        os.getppid(), os.sched_getaffinity(os.getppid())
    ),
    "write a file": lambda: Path(WANTED["key"]).with_suffix(".new").write_text("x"),
    "move a key": lambda: os.rename(WANTED["key"], WANTED["key"] + ".old"),
    "start a program": lambda: subprocess.run(["/bin/true"], check=True),
    "use the daemon's socket": local,
    "connect elsewhere": lambda: connect(WANTED["elsewhere"]),
    "read the daemon's memory": lambda: open(f"/proc/{{os.getppid()}}/mem", "rb"),
    "trace the daemon": trace,
    "signal the daemon": lambda: os.kill(os.getppid(), 0),
    "connect to its camera": lambda: connect(WANTED["camera"]),
    "read its own program": lambda: Path(capture.__file__).read_bytes(),
}}

class Hostile:
    def __init__(self, order):
        pass
    def read(self):
        done = []
        for name, attempt in ATTEMPTS.items():
            try:
                attempt()
                done.append(name)
            except OSError:
                pass
        raise CameraError("could " + json.dumps(done))
    def close(self):
        pass

capture.open_reader = Hostile
if not {confined}:
    capture.confine = lambda order: ""
capture.main()
"""
MAY = ["connect to its camera", "read its own program"]


@pytest.fixture(autouse=True)
def _needs_landlock() -> None:
    if landlock.version() < 4:
        absent("this kernel has no Landlock that knows ports (version 4)")


@contextmanager
def listening(family: socket.AddressFamily, address: object) -> Iterator[socket.socket]:
    with socket.socket(family) as listener:
        listener.bind(address)
        listener.listen()
        yield listener


def reached(tmp_path: Path, *, confined: bool) -> list[str]:
    """What hostile code in a capture process could do."""
    state, config = tmp_path / "state", tmp_path / "etc" / "door.yaml"
    state.mkdir(mode=0o700)
    config.parent.mkdir()
    config.write_text("door: front\n")
    key = state / "signing-keys.json"
    load_signing_keys(key, now=datetime.now(timezone.utc))
    assert key.is_file()
    with (
        listening(socket.AF_UNIX, str(tmp_path / "daemon.sock")),
        listening(socket.AF_INET, ("127.0.0.1", 0)) as camera,
        listening(socket.AF_INET, ("127.0.0.1", 0)) as elsewhere,
    ):
        wanted = {
            "key": str(key),
            "config": str(config),
            "socket": str(tmp_path / "daemon.sock"),
            "camera": camera.getsockname()[1],
            "elsewhere": elsewhere.getsockname()[1],
        }
        settings = CameraSettings(source=f"rtsp://127.0.0.1:{wanted['camera']}/door")
        source = parse_source(settings.source, tmp_path)
        private = (state, config.parent)
        program = TAKEN_OVER.format(wanted=json.dumps(wanted), confined=confined)
        live = LiveSource(
            name="camera",
            make_order=partial(make_order, source, settings, Path("/"), private),
            command=(sys.executable, "-c", program),
        )
        watched = LiveCamera(live, settings, time.monotonic, Random(1))
        try:
            health = wait_for(watched, CameraState.OFFLINE, 20)
            assert health.unconfined == ""
            return list(json.loads(health.detail.removeprefix("could ")))
        finally:
            watched.close()


def test_code_in_the_capture_process_reaches_its_camera_and_nothing_else(tmp_path: Path) -> None:
    assert reached(tmp_path, confined=True) == MAY


def test_the_same_code_in_an_open_process_reads_the_key(tmp_path: Path) -> None:
    """The control: every attempt works where nothing was given up."""
    done = reached(tmp_path, confined=False)
    assert {"read a key", "read the config", "start a program", *MAY} <= set(done)
    assert {"use the daemon's socket", "connect elsewhere", "signal the daemon"} <= set(done)
    assert {"let others read a key", "let others into the state", "give a key away"} <= set(done)
    assert {"change a key's time", "limit the daemon"} <= set(done)


@pytest.mark.parametrize("kind", ["file", "pipeline"])
def test_a_camera_that_works_is_confined_and_says_so(
    video: Path, tmp_path: Path, kind: str, started: Callable[[], list[psutil.Process]]
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    words = f"gst: multifilesrc location={video} loop=true ! avidemux ! jpegdec"
    source = str(video) if kind == "file" else words
    settings = CameraSettings(source=source, loop=True, width=320, height=240)
    camera = open_camera(settings, private=(state, tmp_path))
    try:
        wait_for_frame(camera, 0, 20)
        assert camera.health().unconfined == ""
        # One that waits for its order, should the pipeline have broken off, is not confined yet.
        until(
            lambda: _all_are_confined(started()), "no privilege and a filter in every process", 20
        )
    finally:
        camera.close()


def _all_are_confined(processes: list[psutil.Process]) -> bool:
    try:
        said = [Path(f"/proc/{process.pid}/status").read_text() for process in processes]
    except OSError:
        return False  # it ended just now
    return bool(said) and all("NoNewPrivs:\t1" in one and "Seccomp:\t2" in one for one in said)


def test_a_state_that_cannot_be_closed_is_named(video: Path) -> None:
    """Python's own folder stays readable; who keeps the state there is told."""
    camera = open_camera(
        CameraSettings(source=str(video), loop=True), private=(Path(sys.prefix) / "lib",)
    )
    try:
        wait_for_frame(camera, 0, 20)
        assert camera.health().unconfined == "it can read the door's state"
    finally:
        camera.close()


def test_the_capture_process_inherits_no_secret(
    video: Path, monkeypatch: pytest.MonkeyPatch, started: Callable[[], list[psutil.Process]]
) -> None:
    monkeypatch.setenv("BROKER_PASSWORD", "hunter2")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/edgeverify.service")
    with open(video, "rb") as held:  # noqa: PTH123
        os.set_inheritable(held.fileno(), True)  # noqa: FBT003
        camera = open_camera(CameraSettings(source=str(video), loop=True))
        try:
            wait_for_frame(camera, 0, 20)
            (child,) = started()
            assert {"BROKER_PASSWORD", "CREDENTIALS_DIRECTORY"}.isdisjoint(child.environ())
            open_files = [Path(file.path) for file in child.open_files()]
            assert open_files.count(video) <= 1  # its own
        finally:
            camera.close()


def test_the_capture_process_loads_neither_opencv_nor_numpy() -> None:
    script = "import sys, edgeverify.camera.capture; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert "av" in done.stdout.split()
    assert {"cv2", "numpy", "pydantic", "cryptography"}.isdisjoint(done.stdout.split())
