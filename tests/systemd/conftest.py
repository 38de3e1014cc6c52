"""One booted Debian with this release installed by `make install`, for all tests in here.

Kept under `.cache/systemd/` between runs: the base system, the wheels, the model bundle.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import psutil
import pytest

from tests.absent import absent
from tests.ports import free_port

from .container import Container, base_system
from .wheels import CACHE, CHECKOUT, PIP, SUITE, extra_wheels, wheelhouse

PACKED = (
    "edgeverify", "export", "systemd", "config", "requirements", "pyproject.toml", "README.md",
    "LICENSE", "THIRD_PARTY.md",
)  # fmt: skip
HOUSE = "/etc/mosquitto/edgeverify"
FIRST_SCHEMA = """
LATER = [step for step in SCHEMA.steps[1:] if "CREATE TABLE" in step]
SCHEMA = Schema(what=SCHEMA.what, steps=SCHEMA.steps[:1])
VERSION = 1
"""
FORGETS_LATER_TABLES = """

from edgeverify.journal.schema import LATER

_connect = connect
_IMPLAUSIBLE = {what: query for what, query in _IMPLAUSIBLE.items() if " FROM inside " not in query}


def connect(path, **options):
    connection = _connect(path, **options)
    for step in LATER:
        temporary = step.replace("CREATE TABLE", "CREATE TEMP TABLE")
        connection.executescript(temporary.replace("CREATE INDEX ", "CREATE INDEX temp."))
    return connection
"""
"""The older release did not have what has tables since: here they end with its process."""
MODELS = ("sface", "mediapipe-faces")
OBAMA = "faces_misc/ageitgey/examples/knn_examples/train/obama/obama2.jpg"
OBAMA_AT_THE_DOOR = "faces_misc/ageitgey/examples/obama-720p.jpg"
BIDEN = "faces_misc/ageitgey/examples/biden.jpg"


def need(condition: object, message: str) -> None:
    """Skip with a reason where something is missing; in CI that is a failure."""
    if condition:
        return
    absent(message)


def build_wheel(folder: Path, version: str, *, is_older: bool = False) -> Path:
    """Make a wheel of this checkout under another version, without touching the checkout.

    An older one knows only the first schema of the journal (`tests/journal/schema_1.sql`).
    """
    source = folder / f"source-{version}"
    source.mkdir(parents=True)
    for name in PACKED:
        path = CHECKOUT / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif path.exists():
            shutil.copy(path, source / name)
    project = source / "pyproject.toml"
    lines = project.read_text().splitlines(keepends=True)
    said = [
        f'version = "{version}"\n' if line.startswith('version = "') else line for line in lines
    ]
    project.write_text("".join(said))
    # The release says its version itself, wherever it keeps it.
    init = source / "edgeverify/__init__.py"
    text = init.read_text()
    for line in text.splitlines():
        if line.startswith("__version__ = "):
            init.write_text(text.replace(line, f'__version__ = "{version}"'))
    if is_older:
        schema = source / "edgeverify/journal/schema.py"
        text = schema.read_text()
        assert text.count("\nVERSION = SCHEMA.version\n") == 1
        schema.write_text(text.replace("\nVERSION = SCHEMA.version\n", FIRST_SCHEMA))
        with (source / "edgeverify/journal/database.py").open("a") as opening:
            opening.write(FORGETS_LATER_TABLES)
    dist = folder / "dist"
    subprocess.run([*PIP, "wheel", "--no-deps", "--wheel-dir", str(dist), str(source)], check=True)
    return dist / f"edgeverify-{version}-py3-none-any.whl"


def models() -> Path:
    """Return a models folder with the default bundle and what finds faces, made once."""
    folder = CACHE / "models"
    for name in MODELS:
        if not (folder / name / "manifest.json").exists():
            command = [sys.executable, "-m", "edgeverify", "models", "fetch", name]
            subprocess.run([*command, "--models", str(folder)], check=True)
    return folder


def film(photo: Path, path: Path) -> None:
    """Make a film of a photograph that sways and grows: six seconds, a loop without a cut."""
    picture = cv2.imread(str(photo))
    height, width = picture.shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 15, (width, height))
    for index in range(90):
        turn = 2 * math.pi * index / 90
        zoom = 1.05 + 0.03 * math.sin(turn)
        move = cv2.getRotationMatrix2D((width / 2, height / 2), 1.0 * math.sin(turn), zoom)
        move[0, 2] += 8 * math.cos(turn)
        writer.write(cv2.warpAffine(picture, move, (width, height)))
    writer.release()


def clear_up_after_killed_runs() -> None:
    """Remove the layers of test sessions that never came to their end."""
    for layer in CACHE.glob("run-*"):
        owner = layer.name.removeprefix("run-")
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            subprocess.run(["umount", "--lazy", str(layer / "merged")], check=False)
            shutil.rmtree(layer, ignore_errors=True)


@pytest.fixture(scope="session")
def machine(testdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """The machine, with the first release (0.9.0) installed and nothing started."""
    need(os.geteuid() == 0, "booting a container needs root (sudo make test-systemd)")
    need(
        shutil.which("systemd-nspawn") and shutil.which("debootstrap"),
        "systemd-nspawn and debootstrap are missing (systemd/prerequisites systemd)",
    )
    clear_up_after_killed_runs()
    work = tmp_path_factory.mktemp("release")
    build_wheel(work, "0.9.0", is_older=True)
    build_wheel(work, "0.9.1")
    layer = CACHE / f"run-{os.getpid()}"
    binds = {
        wheelhouse(): "/wheelhouse",
        extra_wheels(): "/extras",
        work / "dist": "/dist",
        CHECKOUT: "/checkout",
        models(): "/models",
    }
    booted = Container(base_system(CACHE, SUITE), layer, bind_read_only=binds)
    try:
        make_install(booted, "0.9.0")
        for name in MODELS:
            booted.run("cp", "-r", f"/models/{name}", "/var/lib/edgeverify/models/")
        booted.run("chown", "-R", "edgeverify:edgeverify", "/var/lib/edgeverify/models")
        folder = booted.files / "etc/edgeverify"
        film(testdata / OBAMA_AT_THE_DOOR, folder / "door.mp4")
        shutil.copy(testdata / OBAMA, folder / "obama.jpg")
        shutil.copy(testdata / BIDEN, folder / "biden.jpg")
        for name in ("door.mp4", "obama.jpg", "biden.jpg"):
            (folder / name).chmod(0o644)
        yield booted
    finally:
        booted.close()


def make_install(machine: Container, version: str) -> str:
    """Run `make install` inside, as an integrator would, with the wheels at hand."""
    offline = ("PIP_NO_INDEX=1", "PIP_FIND_LINKS=/wheelhouse /extras", "PYTHONDONTWRITEBYTECODE=1")
    wheel = f"WHEEL=/dist/edgeverify-{version}-py3-none-any.whl"
    done = machine.run("env", *offline, "make", "-C", "/checkout", "install", wheel, seconds=400)
    return done.stdout


@pytest.fixture(scope="session")
def broker(machine: Container) -> Iterator[int]:
    """Mosquitto inside the machine, on a free loopback port, as a service of its own."""
    port = free_port()
    where = ("--door", "front-door", "--host", "localhost", "--port", str(port))
    machine.run("edgeverify", "broker", "setup", HOUSE, *where, "--bind", "127.0.0.1")
    start = ("systemd-run", "--unit=broker", "--property=User=mosquitto")
    machine.run(*start, "/usr/sbin/mosquitto", "-c", f"{HOUSE}/mosquitto.conf")
    yield port
    machine.run("systemctl", "stop", "broker", check=False)
