"""`edgeverify backup` and `restore`: a door's state as one file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify.cli.options import ConfigFile, StateFolder


@plain_errors
def backup(
    config: ConfigFile,
    file: Annotated[Path, typer.Argument(help="The backup to write.", show_default=False)],
    *,
    state: StateFolder = None,
) -> None:
    """Write references, journal and keys to one file, also while the daemon runs.

    The file holds the door's secrets (mode 0600): keep it where the door itself could stand. A
    master key that comes from a credential or a file elsewhere is not in it.

    Example: edgeverify backup --config /etc/edgeverify/front-door.yaml front-door.backup
    """
    import os
    from datetime import datetime, timezone

    from edgeverify.backup import make_backup
    from edgeverify.config import load_config
    from edgeverify.state import open_state, state_path

    door = load_config(config).settings.door
    place = open_state(state_path(door, state, os.environ), door)
    made = make_backup(place, file, now=datetime.now(timezone.utc))
    say(f"wrote {file}: {', '.join(sorted(made.files))}")
    if "master.key" not in made.files:
        say("the master key is kept elsewhere: without it the references cannot be opened")


@plain_errors
def restore(
    config: ConfigFile,
    file: Annotated[Path, typer.Argument(help="The backup to read.", show_default=False)],
    *,
    state: StateFolder = None,
) -> None:
    """Put a backup in the place of the state; the daemon must be stopped.

    What was there is moved into `before-restore-...` in the state directory. Sequence numbers
    jump ahead, so that no subscriber takes a new decision for one it has seen.

    Example: edgeverify restore --config /etc/edgeverify/front-door.yaml front-door.backup
    """
    import os
    from datetime import datetime, timezone

    from edgeverify.backup import restore_backup
    from edgeverify.config import load_config
    from edgeverify.state import open_state, state_path, take_lock

    door = load_config(config).settings.door
    place = open_state(state_path(door, state, os.environ), door)
    with take_lock(place):
        restored = restore_backup(place, file, now=datetime.now(timezone.utc))
    say(f"restored {', '.join(sorted(restored.files))} of {restored.made_at:%Y-%m-%d %H:%M} UTC")
    say("people who have left the config since then are removed at the next start")
