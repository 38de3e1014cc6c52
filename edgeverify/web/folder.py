"""Where the page keeps its log-ins and sessions: a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from edgeverify.atomic_file import PRIVATE_FOLDER
from edgeverify.errors import StateError
from edgeverify.state import state_path

SERVICE = Path("/var/lib/edgeverify-web")
"""Where the installed pages keep theirs, each in a folder named like its config."""


def page_folder(
    config: Path,
    door: str,
    option: Path | None,
    environ: Mapping[str, str],
    *,
    service: Path = SERVICE,
) -> Path:
    """Return the folder of the page that goes with `config`; nothing is made.

    `option` (--state), else $STATE_DIRECTORY, else the installed page's, else the user's own.
    """
    given = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if option is not None or given:
        return option if option is not None else Path(given)
    installed = service / config.stem
    if config.absolute().parent == Path("/etc/edgeverify") and service.is_dir():
        return installed
    return state_path(door, None, environ).parent.with_name("edgeverify-web") / door


def open_folder(folder: Path) -> Path:
    """Make the folder where it is absent (0700), and return it. Raises StateError."""
    try:
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(
            f"the page's folder {folder} cannot be made: {error.strerror}",
            advice="Put sudo before the command, or name another folder with --state.",
        ) from None
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise StateError(
            f"the page's folder {folder} may not be written by this user",
            advice="Put sudo before the command, or name another folder with --state.",
        )
    return folder


def give_to_owner(path: Path) -> None:
    """Let the file belong to whom its folder belongs: root makes log-ins for the page's user."""
    owner = path.parent.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.chown(path, owner.st_uid, owner.st_gid)
