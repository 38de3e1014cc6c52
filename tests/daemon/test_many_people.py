"""The real daemon with a dozen enrolled people: what it finds among them, and in who comes in.

Nothing is configured but camera, broker and people, apart from what a test's machine and a film
need: an unsynchronised clock, and no liveness, since a film is none.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeverify.bundle.loading import load_bundle
from edgeverify.domain import Reason
from edgeverify.errors import StateError
from edgeverify.journal.impostors import read_live
from edgeverify.models.build import fetch_bundle
from edgeverify.status_socket import Json, ask
from tests.absent import absent
from tests.brokers import Mosquitto, mosquitto
from tests.faces import add_vision
from tests.models.conftest import sface_file
from tests.soak.traffic import Witness
from tests.soak.world import DOOR
from tests.waiting import patience, until

__all__ = ["sface_file"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ANN = "0001"
"""Whose film it is."""
TWICE = (
    ("2001", "Hassan_Wirajuda/Hassan_Wirajuda_0001"),
    ("2002", "Hasan_Wirayuda/Hasan_Wirayuda_0001"),
)
"""One man whom LFW files under two spellings of his name: nobody is more like anybody."""
OTHERS = 10
PAIRS = 13 * 12 // 2
FILM_FRAMES = 24
"""Somebody's frames of one session, as many as a second or two shows."""


@dataclass
class Door:
    """A daemon with its state, and how to ask it."""

    folder: Path
    data: Path

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

    def says(self, *words: str) -> str:
        """Run a command of the product beside the daemon."""
        command = [sys.executable, "-m", "edgeverify", *words]
        told = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=patience(120),
            env={**os.environ, "XDG_DATA_HOME": str(self.data)},
        )
        assert "Traceback" not in told.stderr, told.stderr
        return told.stdout + told.stderr


@pytest.fixture(scope="module")
def data(sface_file: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new user's models folder, as the daemon makes it at its first need."""
    folder = tmp_path_factory.mktemp("data")
    models = folder / "edgeverify" / "models"
    add_vision(models)
    weights = folder / "face_recognition_sface_2021dec_int8bq.onnx"
    weights.write_bytes(sface_file)
    fetch_bundle("sface", models, source=weights)
    return folder


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def door(tmp_path: Path, data: Path, testdata: Path, broker: Mosquitto) -> Iterator[Door]:
    made = Door(tmp_path, data)
    _write_film(testdata, tmp_path / "film.avi")
    config = {
        "door": DOOR,
        "camera": {"source": str(tmp_path / "film.avi"), "loop": True},
        "mqtt": {"host": "127.0.0.1", "port": broker.port},
        "staff": _hire(testdata, tmp_path),
        "liveness": "off",
        "clock": {"allow_unsynced": True},
    }
    (tmp_path / "door.yaml").write_text(json.dumps(config), encoding="utf-8")
    command = [sys.executable, "-m", "edgeverify", "run", "--config", str(tmp_path / "door.yaml")]
    with (tmp_path / "daemon.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--state", str(made.state)],
            stdout=log,
            stderr=log,
            env={**os.environ, "XDG_DATA_HOME": str(data)},
        )
    try:
        until(lambda: _is_ready(made, process), "a door that knows everybody", 60)
        yield made
    finally:
        process.terminate()
        try:
            assert process.wait(patience(30)) == 0
        finally:
            process.kill()
            process.wait()


def _is_ready(door: Door, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, door.log
    status = door.status()
    broker, camera = status.get("broker"), status.get("camera")
    return (
        status.get("is_enrolling") is False
        and status.get("references") == OTHERS + 3
        and isinstance(broker, dict)
        and broker["connected"] is True
        and isinstance(camera, dict)
        and camera["state"] == "ok"
    )


def _write_film(testdata: Path, path: Path) -> None:
    """Play one session of somebody, there and back, so that it has no leap where it loops."""
    frames = sorted((testdata / "nuaa/db/ClientRaw" / ANN).glob(f"{ANN}_00_00_01_*.jpg"))
    pictures = [cv2.imread(str(frame)) for frame in frames[:FILM_FRAMES]]
    assert len(pictures) == FILM_FRAMES
    height, width = np.asarray(pictures[0]).shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (width, height))
    for picture in (*pictures, *reversed(pictures)):
        writer.write(picture)
    writer.release()


def _hire(testdata: Path, folder: Path) -> list[dict[str, object]]:
    """Give everybody one photo: the film's own person from another session, the others of LFW."""
    faces = testdata / "lfw/lfw-deepfunneled"
    session = testdata / "nuaa/db/ClientRaw" / ANN
    photos = {ANN: min(session.glob(f"{ANN}_00_00_02_*.jpg"))}
    photos |= {card: faces / f"{path}.jpg" for card, path in TWICE}
    people = [person for person in sorted(faces.iterdir()) if len(list(person.iterdir())) > 2]
    for number, person in enumerate(people[:: len(people) // OTHERS][:OTHERS]):
        photos[str(4000 + number)] = min(person.iterdir())
    staff: list[dict[str, object]] = []
    for card, photo in photos.items():
        if not photo.is_file():
            absent(f"{photo} is not here", is_material=True)
        shutil.copyfile(photo, folder / f"{card}.jpg")
        staff.append({"card": card, "name": f"person {card}", "photos": [f"{card}.jpg"]})
    return staff


def test_a_door_of_thirteen_people(door: Door, broker: Mosquitto) -> None:
    own = door.status()["own_people"]
    assert isinstance(own, dict)
    assert (own["people"], own["pairs"], own["confused"]) == (OTHERS + 3, PAIRS, 1)
    assert str(own["line"]).startswith(f"1 of {PAIRS} pairs would be confused at this threshold")
    assert own["tightened"] == 2
    details = own["details"]
    assert isinstance(details, list)
    (one, first), (other, second) = ((card, f"person {card}") for card, _ in TWICE)
    assert details[0] == f"card {one} ({first}) and card {other} ({second}) look alike"
    assert [line for line in details if "is held to a higher threshold" in str(line)] == details[1:]
    told = door.says(
        "doctor", "--config", str(door.folder / "door.yaml"), "--state", str(door.state)
    )
    assert f"1 of {PAIRS} pairs would be confused at this threshold" in told
    assert "look alike" in told

    with Witness(broker.port) as witness:
        for _ in range(2):
            witness.let_in(ANN)
        for card, _ in TWICE:
            witness.hears(card, Reason.NON_MATCH)
        until(lambda: _grants(door) == 2, "the grants to be compared with the others")

    live = door.status()["live_fmr"]
    assert isinstance(live, dict)
    assert (live["comparisons"], live["false_matches"]) == (2 * (OTHERS + 2), 0)
    said = door.says(
        "calibrate", "--journal", str(door.state), "--config", str(door.folder / "door.yaml")
    )
    assert f"0 of {2 * (OTHERS + 2)} comparisons of 2 grants with other cards' references" in said
    _keeps_counts_alone(door)


def _grants(door: Door) -> int:
    live = door.status().get("live_fmr")
    found = live.get("grants", 0) if isinstance(live, dict) else 0
    assert isinstance(found, int)
    return found


def _keeps_counts_alone(door: Door) -> None:
    """A histogram of all scores with others, all of them below any threshold here."""
    space = load_bundle(door.data / "edgeverify/models/sface").manifest.embedding_space
    found = read_live(door.state / "journal.sqlite", space)
    assert sum(count for _, count in found.bins) == found.rate.comparisons == 2 * (OTHERS + 2)
    assert max(lowest for lowest, _ in found.bins) < 0.4
