"""The state directory: owner and mode, space, the journal, the references, what was set aside."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

from edgeverify.atomic_file import PRIVATE_FOLDER
from edgeverify.config import LoadedConfig
from edgeverify.daemon.doctor.finding import Finding, fault_found
from edgeverify.daemon.fitness import open_to_others
from edgeverify.domain import FaultName
from edgeverify.errors import JournalUnavailableError, KeyUnusableError, StateError
from edgeverify.folder_listing import entries
from edgeverify.how_many import how_many
from edgeverify.journal.database import integrity
from edgeverify.journal.facts import fact
from edgeverify.journal.rows import from_ms
from edgeverify.journal.schema import VERSION
from edgeverify.keys import load_master_key
from edgeverify.private_sqlite import open_for_reading
from edgeverify.references.database import enrolled_cards
from edgeverify.references.sealing import Sealer
from edgeverify.state import StateDirectory, check_owner

MIN_FREE_BYTES = 200 << 20
"""Less is said, because it runs out one day."""
FULL_BYTES = 1 << 20
"""With less the next commit fails."""


def look_at_permissions(place: Path) -> Iterator[Finding]:
    """Look at owner and mode. Raises StateError where the directory is another user's."""
    if not place.exists():
        yield Finding(part="permissions", is_well=True, seen=f"{place} is made at the first start")
        return
    check_owner(place)
    mode = place.stat().st_mode & 0o777
    is_private = mode & 0o077 == 0
    advice = "" if is_private else f"Run: chmod {PRIVATE_FOLDER:o} {place}"
    seen = f"{place} has mode {mode:o}"
    yield Finding(part="permissions", is_well=is_private, seen=seen, advice=advice)


def look_at_config(config: LoadedConfig) -> Iterator[Finding]:
    """Look who else can change the config and the photos, and so decide who comes in."""
    for sentence in open_to_others(config):
        seen, _, advice = sentence.rpartition(": run ")
        yield Finding(part="config", is_well=False, seen=seen, advice=f"Run: {advice}")


def look_at_disk(place: Path) -> Iterator[Finding]:
    """Look for room, and whether anything can be written."""
    folder = place
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    seen = f"{free >> 20} MiB free at {folder}"
    advice = "Free some space: the door denies while the disk is full."
    if not os.access(folder, os.W_OK):
        mount = "Mount its disk writable, or give the folder to the user that runs the door."
        yield fault_found(
            "disk", FaultName.JOURNAL_UNAVAILABLE, f"{folder} cannot be written", mount
        )
    elif free < FULL_BYTES:
        yield fault_found("disk", FaultName.JOURNAL_UNAVAILABLE, seen, advice)
    elif free < MIN_FREE_BYTES:
        yield Finding(part="disk", is_well=False, seen=seen, advice=advice)
    else:
        yield Finding(part="disk", is_well=True, seen=seen)


def look_at_journal(config: LoadedConfig, place: StateDirectory) -> Iterator[Finding]:
    """Check every page, its schema, its clock, what waits in it, and what was set aside."""
    for aside in entries(place.folder, "journal.sqlite.corrupt-*"):
        if not aside.name.endswith(("-wal", "-shm")):
            yield fault_found(
                "journal", FaultName.JOURNAL_REPLACED, f"an earlier one is kept as {aside}"
            )
    if not place.journal.exists():
        yield Finding(part="journal", is_well=True, seen="it is made at the first start")
        return
    try:
        problems = integrity(place.journal)
        if problems:
            advice = "The next start moves it aside, begins a new one and keeps what can be read."
            yield fault_found("journal", FaultName.JOURNAL_REPLACED, "; ".join(problems), advice)
            return
        with closing(open_for_reading(place.journal)) as connection:
            yield from _contents(config, place, connection)
    except (JournalUnavailableError, sqlite3.Error) as error:
        problem = error.problem if isinstance(error, JournalUnavailableError) else str(error)
        yield fault_found("journal", FaultName.JOURNAL_UNAVAILABLE, problem)


def _contents(
    config: LoadedConfig, place: StateDirectory, connection: sqlite3.Connection
) -> Iterator[Finding]:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise StateError(
            f"the journal has schema {version}, and this release knows {VERSION} at most",
            advice="Install the newer release again, or go back with `make rollback`.",
        )
    (decisions,) = connection.execute("SELECT count(*) FROM decisions").fetchone()
    (waiting,) = connection.execute("SELECT count(*) FROM outbox").fetchone()
    floor_ms = fact(connection, "floor_ms")
    size = place.journal.stat().st_size
    limit = config.settings.journal.max_mebibytes
    seen = (
        f"whole, {how_many(decisions, 'decision')}, {how_many(waiting, 'waits', 'wait')} for the "
        f"broker, {size / (1 << 20):.1f} MiB"
    )
    if waiting and size > limit << 20:
        yield fault_found("journal", FaultName.JOURNAL_OVERSIZED, f"{seen} of {limit} MiB")
    else:
        yield Finding(part="journal", is_well=True, seen=seen)
    now = datetime.now(timezone.utc)
    if floor_ms is not None and now < from_ms(int(floor_ms)):
        written = from_ms(int(floor_ms))
        seen = f"it is {now:%Y-%m-%d %H:%M:%S}, and the journal has {written:%Y-%m-%d %H:%M:%S} UTC"
        yield fault_found("clock", FaultName.CLOCK_UNSYNCED, seen)


def look_at_references(
    config: LoadedConfig, place: StateDirectory, environ: Mapping[str, str], *, is_running: bool
) -> Iterator[Finding]:
    """Look into the store, changing nothing, and count whom it lacks. Raises StateError."""
    for aside in entries(place.folder, "references.sqlite.damaged-*"):
        if not aside.name.endswith(("-wal", "-shm")):
            seen = f"an earlier one is kept as {aside}"
            yield fault_found("references", FaultName.REFERENCES_REPLACED, seen)
    if is_running or not place.references.exists():
        seen = "in use by the running daemon" if is_running else "made at the first start"
        yield Finding(part="references", is_well=True, seen=seen)
        return
    try:
        key = load_master_key(
            config.settings.keys.master_key_file,
            config_folder=config.folder,
            default=place.master_key,
            environ=environ,
            may_create=False,
        )
        enrolled = enrolled_cards(place.references, Sealer(key.secret))
    except KeyUnusableError as error:
        yield Finding(part="keys", is_well=False, seen=error.problem, advice=error.advice)
        return
    missing = [entry.card for entry in config.settings.staff if entry.card not in enrolled]
    seen = f"{len(enrolled)} enrolled of {len(config.settings.staff)} in the config"
    if missing:
        yield fault_found(
            "references", FaultName.ENROLMENT_INCOMPLETE, f"{seen}; not: {missing[0]} ..."
        )
    else:
        yield Finding(part="references", is_well=True, seen=seen)
