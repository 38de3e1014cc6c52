"""The broker of a house as `edgeverify broker setup` makes it, running on a loopback port."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from edgeverify.broker import How, Owners, Wanted, find_plugin, set_up
from edgeverify.broker.logins import hashed
from edgeverify.client import Feed
from edgeverify.mqtt import Credentials, load_credentials
from edgeverify.settings import MqttSettings
from tests.brokers import Mosquitto, mosquitto_path
from tests.doors import DOOR
from tests.ports import free_port


@dataclass(frozen=True)
class House:
    """A running broker, and the folder that it was set up in."""

    folder: Path
    port: int
    broker: Mosquitto

    def login(self, name: str) -> Path:
        """The folder that is carried to the device of this login."""
        return self.folder / "logins" / name

    def password(self, name: str) -> str:
        return (self.login(name) / "password").read_text().strip()

    def know(self, name: str, password: str) -> None:
        """Let the broker know this password for a login from its next start on."""
        path = self.folder / "logins.json"
        record = json.loads(path.read_text())
        again = hashed(password, os.urandom)
        for client in record["clients"]:
            if client["username"] == name:
                client |= {"password": again.password, "salt": again.salt}
        path.write_text(json.dumps(record))

    def settings(self, name: str) -> MqttSettings:
        """What stands in the config of a program with this login; paths are in its folder."""
        chosen = {
            "host": "localhost",
            "port": self.port,
            "username": name,
            "password_file": "password",
            "tls": {"enabled": True, "ca_file": "ca.crt"},
            "max_reconnect_seconds": 1.0,
        }
        return MqttSettings.model_validate(chosen)

    def credentials(self, name: str) -> Credentials:
        return load_credentials(self.settings(name), config_folder=self.login(name), environ={})

    def feed(self, name: str, *topics: str) -> Feed:
        login = self.credentials(name)
        return Feed(
            "localhost",
            self.port,
            topics=topics,
            username=login.username,
            password=login.password,
            tls=login.tls,
        )


class SetUp(Mosquitto):
    """Mosquitto with the configuration that it finds, unchanged."""

    def start(self) -> Mosquitto:
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen(
                [mosquitto_path(), "-v", "-c", str(self.folder / "mosquitto.conf")],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.wait_up()
        return self


def set_up_house(folder: Path, *doors: str, port: int = 8883, **how: object) -> Path:
    """Set a broker up in `folder` for whoever runs the tests."""
    wanted = Wanted(doors=doors, hosts=("localhost", "127.0.0.1"), port=port, address="127.0.0.1")
    chosen: dict[str, object] = {
        "plugin": find_plugin(Path("/")),
        # As root without Mosquitto's own user, to whom pytest's folders are closed.
        "owners": Owners(broker=None, door=None, is_root=os.geteuid() == 0),
        "now": datetime.now(timezone.utc),
        **how,
    }
    set_up(folder, wanted, How(**chosen))  # type: ignore[arg-type]
    return folder


@contextmanager
def house(folder: Path, *doors: str) -> Iterator[House]:
    """Run a broker that was set up for these doors, for the length of a block."""
    mosquitto_path()  # skips where there is none
    port = free_port()
    set_up_house(folder, *(doors or (DOOR,)), port=port)
    broker = SetUp(folder, port=port)
    broker.start()
    try:
        yield House(folder, port, broker)
    finally:
        broker.kill()
