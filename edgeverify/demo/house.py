"""The demo's folder: photos, films, the config of each scene, the daemon's state."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import yaml

from edgeverify.atomic_file import write_whole
from edgeverify.bundle.manifest import WEAK_NETWORKS
from edgeverify.demo.broker import BrokerAddress
from edgeverify.demo.scenes import OTHER_CARD, OWNER_CARD, Film
from edgeverify.errors import EdgeverifyError
from edgeverify.settings import LivenessMode

DOOR = "demo"


@dataclass(frozen=True, slots=True)
class House:
    """Where everything of one demo lies; emptied when it begins."""

    folder: Path

    @classmethod
    def build(cls, folder: Path) -> House:
        """Make the folder new. Only what an earlier demo left is removed.

        Raises EdgeverifyError where it cannot be written.
        """
        house = cls(folder.absolute())
        for old in (house.films, house.photos, house.state):
            shutil.rmtree(old, ignore_errors=True)
        for new in (house.films, house.photos):
            with _writing(new):
                new.mkdir(parents=True)
        return house

    @property
    def films(self) -> Path:
        """The videos that stand in for the camera."""
        return self.folder / "films"

    @property
    def photos(self) -> Path:
        """The ID-card photos."""
        return self.folder / "photos"

    @property
    def state(self) -> Path:
        """The daemon's state directory."""
        return self.folder / "state"

    @property
    def config(self) -> Path:
        """The config in force; each scene rewrites it."""
        return self.folder / "demo.yaml"

    @property
    def log(self) -> Path:
        """What the daemon said."""
        return self.folder / "daemon.log"

    @property
    def sheet(self) -> Path:
        """The contact sheet."""
        return self.folder / "contact-sheet.png"

    def film(self, film: Film) -> Path:
        """Return where a film lies."""
        return self.films / f"{film.value}.mp4"

    def furnish(
        self,
        *,
        source: str,
        liveness: LivenessMode,
        broker: BrokerAddress,
        bundle: str,
        timeout_seconds: float,
        has_other: bool = True,
        is_own_camera: bool = False,
    ) -> None:
        """Write the config of a scene, whole or not at all.

        `is_own_camera`: the owner's photo was taken by the camera that the door looks through.
        """
        photos = ["photos/owner.jpg"]
        shot = list(photos) if is_own_camera else []  # one list twice would be an alias
        staff = [
            {"card": OWNER_CARD, "name": "Card owner", "photos": photos, "camera_photos": shot}
        ]
        if has_other:
            staff.append(
                {
                    "card": OTHER_CARD,
                    "name": "Colleague",
                    "photos": ["photos/other.jpg"],
                    "camera_photos": [],
                }
            )
        config = {
            "door": DOOR,
            "model": {"bundle": bundle, "accept_weak": bundle in WEAK_NETWORKS},
            "camera": {"source": source, "loop": True},
            "decision": {"timeout_seconds": timeout_seconds},
            "liveness": liveness,
            # A demo machine may never have set its clock; a door must.
            "clock": {"allow_unsynced": True},
            # One person fails again and again here on purpose.
            "lockout": {"max_failures": 100},
            "mqtt": {"host": broker.host, "port": broker.port},
            "enrolment": {"camera_only": is_own_camera},
            "staff": staff,
        }
        with _writing(self.config):
            write_whole(self.config, yaml.safe_dump(config, encoding="utf-8", sort_keys=False))

    def hang(self, name: str, photo: bytes) -> None:
        """Keep an ID-card photo under this name. Raises EdgeverifyError."""
        with _writing(self.photos / name):
            (self.photos / name).write_bytes(photo)

    def open_log(self) -> IO[bytes]:
        """Open the daemon's log again. Raises EdgeverifyError."""
        with _writing(self.log):
            return self.log.open("wb")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EdgeverifyError(
            f"the demo cannot write {path}: {error.strerror}",
            advice="Free some space, or name a folder of your own with `--folder`.",
        ) from None
