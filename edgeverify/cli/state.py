"""The state that a command works on: found, named where there are several, opened as its owner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from edgeverify.cli.console import complain

if TYPE_CHECKING:
    from datetime import datetime

    from edgeverify.config import LoadedConfig
    from edgeverify.door_state import FoundState
    from edgeverify.errors import StateError
    from edgeverify.journal import Journal
    from edgeverify.state import StateDirectory


def find(loaded: LoadedConfig, option: Path | None, *, may_begin: bool = False) -> FoundState:
    """Return the state that the config means, and say which where the door has others.

    `may_begin` is for commands that make a new one where there is none. Raises StateError where
    this user may not look, with the command to type.
    """
    import os

    from edgeverify.door_state import find_state

    found = find_state(
        loaded.path,
        loaded.settings.door,
        option,
        os.environ,
        command=typed(),
        may_begin=may_begin,
    )
    if found.others:
        others = ", ".join(str(folder) for folder in found.others)
        complain(
            f"edgeverify: using the state in {found.place.folder} ({found.means.value}), "
            f"not that in {others}"
        )
    return found


@contextmanager
def reading(loaded: LoadedConfig, option: Path | None) -> Iterator[StateDirectory]:
    """Open the state that the config means for reading, as its owner; nothing is made.

    Raises StateError where there is none.
    """
    from edgeverify.state import as_owner, existing_state

    place = find(loaded, option).place
    with as_owner(place.folder):
        yield existing_state(place.folder, place.door)


@contextmanager
def changing(
    loaded: LoadedConfig,
    option: Path | None,
    *,
    may_begin: bool = False,
    replaces_all: bool = False,
) -> Iterator[StateDirectory]:
    """Open the state that the config means for a change, as its owner.

    Only with `may_begin` is it made where there is none. With `replaces_all` nothing but what was
    named is touched where something was. Raises StateError.
    """
    from edgeverify.errors import StateError
    from edgeverify.state import as_owner, existing_state, open_state

    found = find(loaded, option, may_begin=may_begin)
    place = found.place
    if replaces_all and not found.is_as_named:
        raise StateError(
            f"--state names {found.named}, and the door {place.door!r} has its state in "
            f"{place.folder} ({found.means.value})",
            advice="Leave --state out to replace the door's own. A copy to look at is restored on "
            "a machine that does not have this door.",
        )
    with as_owner(place.folder):
        if not may_begin:
            existing_state(place.folder, place.door)
        yield open_state(place.folder, place.door)


def master_secret(loaded: LoadedConfig, place: StateDirectory) -> bytes:
    """Return the door's master key; empty where there is none, or not for this user."""
    import os

    from edgeverify.errors import EdgeverifyError
    from edgeverify.keys import load_master_key

    try:
        return load_master_key(
            loaded.settings.keys.master_key_file,
            config_folder=loaded.folder,
            default=place.master_key,
            environ=os.environ,
            may_create=False,
        ).secret
    except EdgeverifyError:
        return b""


@contextmanager
def stopped_journal(
    loaded: LoadedConfig, place: StateDirectory, now: datetime
) -> Iterator[tuple[Journal, bytes]]:
    """Open the journal of a door that does not run, with its seal; the caller holds the lock.

    The second is the master key; empty where this user may not have it, and then the door says at
    its next start that somebody else changed its state. Raises StateError where there is none.
    """
    from edgeverify.errors import StateError
    from edgeverify.journal import Journal, JournalSeal

    if not place.journal.exists():
        raise StateError(
            f"the door {place.door!r} has no journal yet, in {place.folder}",
            advice="Its daemon makes it at the first start: there is nothing to change before.",
        )
    secret = master_secret(loaded, place)
    seal = JournalSeal(secret) if secret else None
    journal = Journal.open(place.journal, now=now, seal=seal).journal
    try:
        yield journal, secret
    finally:
        journal.close()


def require_somebody(loaded: LoadedConfig, place: StateDirectory, card: str) -> str:
    """Return the card of the person who is meant, whose second number it may be.

    Raises StateError where neither the config nor the state of the door knows it. An empty one
    stands for walk-up, which every door knows.
    """
    from datetime import datetime, timezone

    from edgeverify.person_record import gather

    if not card:
        return card
    found = gather(loaded, place, card, datetime.now(timezone.utc))
    if found.is_empty:
        raise nobody(loaded, card)
    return found.card


def nobody(loaded: LoadedConfig, card: str) -> StateError:
    """Return the error that says so."""
    from edgeverify.errors import StateError

    return StateError(
        f"card {card} is nobody's at the door {loaded.settings.door!r}: it stands neither in the "
        "config nor in the references or the journal",
        advice="Write the number as it stands in the config, with its leading zeros.",
    )


def running_daemon(config: Path | None, option: Path | None) -> Path:
    """Return the state directory of the daemon to ask: the config's, else the only one running.

    Raises StateError where none runs, where several do, or where this user may not look.
    """
    import os

    from edgeverify.config import load_config
    from edgeverify.door_state import find_daemon

    if config is not None:
        return find(load_config(config), option).place.folder
    return find_daemon(option, os.environ, command=typed())


def typed() -> str:
    """Return the command as it was typed, to be typed again with sudo before it."""
    import shlex
    import sys

    return shlex.join(["edgeverify", *sys.argv[1:]])
