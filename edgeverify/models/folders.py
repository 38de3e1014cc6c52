"""Where models and downloads are kept. The environment is an argument."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

SYSTEM_MODELS = Path("/var/lib/edgeverify/models")


def models_directory(environ: Mapping[str, str], system: Path = SYSTEM_MODELS) -> Path:
    """Return the folder of model bundles, shared by all doors of the machine.

    `/var/lib/edgeverify/models` where that exists and can be read, else the user's own
    `$XDG_DATA_HOME/edgeverify/models`.
    """
    if system.is_dir() and os.access(system, os.R_OK | os.X_OK):
        return system
    return _home_folder(environ, "XDG_DATA_HOME", ".local/share") / "edgeverify" / "models"


def cache_directory(environ: Mapping[str, str]) -> Path:
    """Return the folder of downloads that can be thrown away: systemd's, or the user's."""
    if environ.get("CACHE_DIRECTORY"):
        return Path(environ["CACHE_DIRECTORY"].split(":")[0])
    return _home_folder(environ, "XDG_CACHE_HOME", ".cache") / "edgeverify"


def _home_folder(environ: Mapping[str, str], variable: str, otherwise: str) -> Path:
    named = environ.get(variable, "")
    # The XDG specification has relative paths ignored.
    if named.startswith("/"):
        return Path(named)
    return Path(environ.get("HOME") or _home_of_this_user()) / otherwise


def _home_of_this_user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return "/"
