"""Mosquitto's configuration: the listener for doors, and a whole one around it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
