"""Mosquitto's configuration: the listener for doors, and a whole one around it.

Where a Mosquitto is there already: whether a listener for doors can be added to it, and where.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgeverify.broker.files import BROKER_USER
from edgeverify.errors import BrokerSetupError

PLUGIN = "mosquitto_dynamic_security.so"
PLUGIN_PLACES = ("usr/lib", "usr/lib64", "usr/local/lib", "usr/local/lib64", "opt/homebrew/lib")
MESSAGE_SIZE_LIMIT = 65536
"""Bytes; nothing that a door says or hears is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Where the broker listens for doors; `address` empty: on every address of the machine."""

    port: int
    address: str


def find_plugin(root: Path) -> Path:
    """Return Mosquitto's dynamic security plugin under `root`. Raises BrokerSetupError."""
    for place in PLUGIN_PLACES:
        folder = root / place
        for found in (folder / PLUGIN, *sorted(folder.glob(f"*/{PLUGIN}"))):
            if found.is_file():
                return found
    raise BrokerSetupError(
        f"Mosquitto is not installed here: there is no {PLUGIN}",
        advice="Run: sudo apt-get install mosquitto. Where the broker runs elsewhere, run this "
        "there, or give the path of the plugin on that machine with --plugin.",
    )


def listener_part(folder: Path, listener: Listener, plugin: Path) -> str:
    """Return the lines that an existing broker takes in; `folder` holds the files that they name.

    The listener comes first, so that what follows is its own where the broker keeps settings apart
    for each (`per_listener_settings true`).
    """
    return f"""# The doors' listener, made by `edgeverify broker setup`.
listener {f"{listener.port} {listener.address}".strip()}
cafile {folder}/ca.crt
certfile {folder}/server.crt
keyfile {folder}/server.key
tls_version tlsv1.2
allow_anonymous false
plugin {plugin}
plugin_opt_config_file {folder}/logins.json
"""


def whole(folder: Path, listener: Listener, plugin: Path, *, user: str) -> str:
    """Return the conf of a broker for doors alone; it runs as `user` (empty: who starts it)."""
    runs_as = f"user {user}\n" if user else ""
    return f"""# A broker for doors alone, made by `edgeverify broker setup`.
# Start it with: mosquitto -c {folder}/mosquitto.conf
{runs_as}per_listener_settings false

# The retained status of each door, over a restart of the broker.
persistence true
persistence_location {folder}/data/

# Nothing that a door says or hears is longer.
message_size_limit {MESSAGE_SIZE_LIMIT}

{listener_part(folder, listener, plugin)}"""


FILE = "edgeverify.conf"
APART = "Give the doors a broker of their own: leave --existing out."


@dataclass(frozen=True, slots=True)
class Existing:
    """Where the doors' part goes, whom that broker runs as, and what its owner should know."""

    file: Path
    user: str
    notes: tuple[str, ...]


def check_existing(config: Path, port: int) -> Existing:
    """Return where to add the listener on `port` to the broker with this mosquitto.conf.

    Raises BrokerSetupError where it cannot be added without changing what the broker does today.
    """
    lines = list(_lines(config))
    included = [Path(value) for name, value in lines if name == "include_dir"]
    if not included:
        raise BrokerSetupError(
            f"{config} takes in no other file",
            advice=f"Add the line `include_dir {config.parent}/conf.d` and make that folder.",
        )
    place = included[0] / FILE
    others = [*lines]
    for folder in included:
        for file in sorted(folder.glob("*.conf")):
            if file != place:
                others += _lines(file)
    values = dict(others)
    if any(PLUGIN in value for name, value in others if name in {"plugin", "auth_plugin"}):
        raise BrokerSetupError(
            f"the broker of {config} uses {PLUGIN} already, which can be loaded once", advice=APART
        )
    if values.get("allow_anonymous") == "true" and values.get("per_listener_settings") != "true":
        raise BrokerSetupError(
            f"the broker of {config} lets everybody in without a login, on every listener",
            advice=f"Set `per_listener_settings true` there if that is meant. {APART}",
        )
    ports = [value.split()[0] for name, value in others if name in {"listener", "port"} and value]
    if str(port) in ports:
        raise BrokerSetupError(
            f"the broker of {config} listens on port {port} already",
            advice="Give the doors another one: --port 8884.",
        )
    return Existing(
        place, values.get("user", BROKER_USER), tuple(_notes(values, has_listener=bool(ports)))
    )


def _notes(values: dict[str, str], *, has_listener: bool) -> Iterator[str]:
    if not has_listener:
        yield (
            "Until now this broker listened on localhost:1883 without logins, as Mosquitto does "
            "where no listener is named. With the doors' listener that one is gone: add "
            "`listener 1883 localhost` for whoever still needs it."
        )
    if values.get("persistence") != "true":
        yield (
            "This broker forgets retained messages when it restarts: a door's status is then "
            "unknown until it changes. `persistence true` keeps it."
        )


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BrokerSetupError(f"{file} cannot be read: {error}") from None
    for line in text.splitlines():
        name, _, value = line.strip().partition(" ")
        if name and not name.startswith("#"):
            yield name, value.strip()
