"""`edgeverify backup` and `restore`: a door's state as one file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.options import ConfigFile, StateFolder

if TYPE_CHECKING:
    from edgeverify.config import LoadedConfig


@plain_errors
def backup(
    config: ConfigFile,
    file: Annotated[Path, typer.Argument(help="The backup to write.", show_default=False)],
    *,
    state: StateFolder = None,
) -> None:
    """Write references, journal and keys to one file, also while the daemon runs.

    Exit 1 if one of them is missing in the state (named). The file holds the door's
    secrets (mode 0600): keep it as safe as the door itself. A master key that comes from a
    credential or a file elsewhere is not in it.

    Example: edgeverify backup --config /etc/edgeverify/front-door.yaml front-door.backup
    """
    from datetime import datetime, timezone

    from edgeverify.backup import DATABASES, collect, write_backup
    from edgeverify.cli.state import reading
    from edgeverify.config import load_config

    loaded = load_config(config)
    with reading(loaded, state) as place:
        parts = collect(place)
    made = write_backup(place.door, parts, file, now=datetime.now(timezone.utc))
    say(f"wrote {file}: {', '.join(sorted(made.files))}, of {place.folder}")
    if "master.key" not in made.files:
        say(f"{_where_the_key_is(loaded)}: without it the references cannot be opened")
    lacking = [name for name in (*DATABASES, "signing-keys.json") if name not in made.files]
    if lacking:
        complain(f"edgeverify: it is not whole: {place.folder} has no {' and no '.join(lacking)}")
        raise typer.Exit(1)


def _where_the_key_is(loaded: LoadedConfig) -> str:
    """Return what is known of a key that is not in the state."""
    import os

    from edgeverify.keys import MASTER_KEY_CREDENTIAL
    from edgeverify.private_files import credential_path

    name = loaded.settings.keys.master_key_file
    if name or credential_path(MASTER_KEY_CREDENTIAL, loaded.folder, os.environ, is_named=False):
        return "the master key is kept elsewhere"
    return "there is no master key in the state, and unless a credential holds it, it is gone"


@plain_errors
def restore(
    config: ConfigFile,
    file: Annotated[Path, typer.Argument(help="The backup to read.", show_default=False)],
    *,
    state: StateFolder = None,
) -> None:
    """Replace the state with a backup; the daemon must be stopped.

    What was there is moved into `before-restore-...` in the state directory. Sequence numbers
    jump ahead, so that no subscriber takes a new decision for one it has seen.

    Example: edgeverify restore --config /etc/edgeverify/front-door.yaml front-door.backup
    """
    from datetime import datetime, timezone

    from edgeverify.backup import read_backup, restore_backup
    from edgeverify.cli.state import changing, master_secret
    from edgeverify.config import load_config
    from edgeverify.state_lock import take_lock

    loaded = load_config(config)
    made, parts = read_backup(file, loaded.settings.door)
    with (
        changing(loaded, state, may_begin=True, replaces_all=True) as place,
        take_lock(place),
    ):
        restore_backup(
            place,
            parts,
            now=datetime.now(timezone.utc),
            master_key=lambda: master_secret(loaded, place),
        )
    say(
        f"restored {', '.join(sorted(made.files))} of {made.made_at:%Y-%m-%d %H:%M} UTC "
        f"into {place.folder}"
    )
    say("people who have left the config since then are removed at the next start")
