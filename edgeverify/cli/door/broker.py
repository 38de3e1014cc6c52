"""From a door's config to its broker, for the commands that claim and listen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from edgeverify.client import Feed
    from edgeverify.config import LoadedConfig


def open_feed(loaded: LoadedConfig, topics: Sequence[str]) -> Feed:
    """Make a feed of `topics` with the config's broker and credentials; connected on entering."""
    import os

    from edgeverify.client import Feed
    from edgeverify.mqtt import load_credentials

    settings = loaded.settings.mqtt
    login = load_credentials(settings, config_folder=loaded.folder, environ=os.environ)
    return Feed(
        settings.host,
        settings.port,
        topics=topics,
        username=login.username,
        password=login.password,
        tls=login.tls,
        timeout_seconds=5.0,
    )


def verify_keys(
    loaded: LoadedConfig, named: Sequence[Path], state: Path | None
) -> dict[str, Ed25519PublicKey]:
    """Return the keys named on the command line, else those of the door's state, else none."""
    from datetime import datetime, timezone

    from edgeverify.cli.state import reading
    from edgeverify.client import load_verify_keys
    from edgeverify.errors import KeyUnusableError, StateError
    from edgeverify.key_rotation import accepted_keys

    if named:
        return load_verify_keys(named)
    try:
        with reading(loaded, state) as place:
            return accepted_keys(place.signing_keys, datetime.now(timezone.utc))
    except (StateError, KeyUnusableError):
        return {}  # another user's door or machine: unchecked until its key is named
