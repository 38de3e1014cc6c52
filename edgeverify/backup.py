"""A door's state as one file, and back: references, journal, keys.

The databases are copied with SQLite's online backup (sqlite.org/backup.html), so each is a
consistent picture even while the daemon writes. A backup holds the door's secrets where they lie
in the state directory; it is written 0600 and belongs in a safe place.
"""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import tarfile
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edgeverify.atomic_file import (
    PRIVATE_FOLDER,
    advice_on,
    is_on_full_disk,
    read_plain,
    sync_folder,
    write_whole,
)
from edgeverify.errors import EdgeverifyError, StateError
from edgeverify.journal.facts import RUNS_FACT, fact, put_fact
from edgeverify.journal.seal import JournalSeal
from edgeverify.private_sqlite import open_for_reading
from edgeverify.state import StateDirectory, check_owner

FORMAT = 1
CONTENTS = "contents.json"
DATABASES = ("references.sqlite", "journal.sqlite")
SECRETS = ("master.key", "signing-keys.json", "next-signing-key.json")
LATER = ("next-signing-key.json",)
"""Of these, what a release before does not know and would refuse: kept inside the contents."""
MAX_BYTES = 8 * 1024**3
SEQUENCE_GAP = 1_000_000
"""Added to the restored journal's numbering, because the door may have decided more after the
backup was made and subscribers refuse a sequence that they have seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup holds: door, when, and SHA-256 (hex) by file name."""

    door: str
    made_at: datetime
    files: Mapping[str, str]


def collect(state: StateDirectory) -> dict[str, bytes]:
    """Return the door's files by name, each whole; nothing is made. Raises StateError.

    A state without any database holds nothing worth keeping: that is an error.
    """
    check_owner(state.folder)
    parts: dict[str, bytes] = {}
    for name in (*DATABASES, *SECRETS):
        path = state.folder / name
        try:
            if path.exists():
                parts[name] = _snapshot(path) if name in DATABASES else read_plain(path)
        except (OSError, sqlite3.Error) as error:
            is_full = is_on_full_disk(path)
            raise StateError(
                f"{path} cannot be read: {_reason(error)}{', as its disk is full' * is_full}",
                advice="Free space on its disk, then do it again." if is_full else "",
            ) from None
    if not any(name in parts for name in DATABASES):
        raise StateError(
            f"there is nothing to back up in {state.folder}: no journal and no references",
            advice="The daemon makes both at its first start; is --state right?",
        )
    return parts


def write_backup(door: str, parts: Mapping[str, bytes], target: Path, *, now: datetime) -> Backup:
    """Write what was collected to `target` (a tar file, mode 0600). Raises StateError."""
    backup = Backup(
        door=door,
        made_at=now,
        files={name: hashlib.sha256(data).hexdigest() for name, data in parts.items()},
    )
    try:
        write_whole(target, _pack(backup, parts))
    except OSError as error:
        raise StateError(
            f"the backup {target} cannot be written: {error.strerror}", advice=advice_on(error)
        ) from None
    return backup


def read_backup(source: Path, door: str) -> tuple[Backup, Mapping[str, bytes]]:
    """Read a whole, sound backup of `door` with its files by name. Raises StateError."""
    backup, parts = _unpack(source)
    if backup.door != door:
        raise StateError(
            f"{source} is a backup of the door {backup.door!r}, not {door!r}",
            advice="Each door has its own state.",
        )
    return backup, parts


def restore_backup(
    state: StateDirectory,
    parts: Mapping[str, bytes],
    *,
    now: datetime,
    master_key: Callable[[], bytes],
) -> None:
    """Put a backup that was read in the place of the state; the caller holds the lock.

    What was there is moved into a folder `before-restore-...` beside it. `master_key` is asked once
    the files are in place; without it (empty) the door says at its next start that its journal was
    changed. Raises StateError.
    """
    check_owner(state.folder)
    with _restoring(f"what is in {state.folder} cannot be set aside"):
        _set_aside(state.folder, now)
    for name, data in parts.items():
        with _restoring(f"{state.folder / name} cannot be written"):
            write_whole(state.folder / name, data)
    if state.journal.exists():
        with _restoring(f"the restored journal {state.journal} cannot be opened"):
            _skip_numbers(state.journal, master_key())


@contextmanager
def _restoring(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise StateError(
            f"{what}: {_reason(error)}",
            advice="What was there before is in its newest folder before-restore-....",
        ) from None


def _reason(error: OSError | sqlite3.Error) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _snapshot(database: Path) -> bytes:
    with (
        closing(open_for_reading(database)) as source,
        closing(sqlite3.connect(":memory:")) as copy,
    ):
        source.backup(copy)
        return bytes(copy.serialize()) if hasattr(copy, "serialize") else _by_file(source)


def _by_file(source: sqlite3.Connection) -> bytes:
    """Python 3.10 has no `serialize`: go through a private temporary folder."""
    import tempfile  # noqa: PLC0415 - only needed there

    with tempfile.TemporaryDirectory(prefix="edgeverify-") as folder:
        path = Path(folder) / "copy.sqlite"
        with closing(sqlite3.connect(path)) as copy:
            source.backup(copy)
        return path.read_bytes()


def _pack(backup: Backup, parts: Mapping[str, bytes]) -> bytes:
    contents = {
        "format": FORMAT,
        "door": backup.door,
        "made_at": backup.made_at.isoformat(),
        "files": {name: digest for name, digest in backup.files.items() if name not in LATER},
        "later": {name: b64encode(parts[name]).decode() for name in LATER if name in parts},
    }
    known = {name: data for name, data in parts.items() if name not in LATER}
    everything = {CONTENTS: json.dumps(contents, indent=1).encode(), **known}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in everything.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o600
            member.mtime = int(backup.made_at.timestamp())
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def _unpack(source: Path) -> tuple[Backup, dict[str, bytes]]:
    parts: dict[str, bytes] = {}
    try:
        with tarfile.open(source, mode="r:") as archive:
            for member in archive:
                known = member.name in {CONTENTS, *DATABASES, *SECRETS}
                if not known or not member.isreg() or member.size > MAX_BYTES:
                    raise StateError(f"{source} is not a backup: it holds {member.name!r}")
                file = archive.extractfile(member)
                parts[member.name] = file.read() if file else b""
        contents = json.loads(parts.pop(CONTENTS))
        if contents["format"] != FORMAT:
            raise StateError(
                f"{source} was made by a different release (format {contents['format']})"
            )
        files = {str(name): str(digest) for name, digest in contents["files"].items()}
        for name, data in contents.get("later", {}).items():
            if name in LATER:
                parts[name] = b64decode(data, validate=True)
                files[name] = hashlib.sha256(parts[name]).hexdigest()
        backup = Backup(
            door=str(contents["door"]),
            made_at=datetime.fromisoformat(contents["made_at"]),
            files=files,
        )
    except EdgeverifyError:
        raise
    except OSError as error:
        raise StateError(f"the backup {source} cannot be read: {_reason(error)}") from None
    except (tarfile.TarError, KeyError, ValueError, TypeError, AttributeError):
        raise StateError(f"{source} is not a backup of edgeverify, or it is damaged") from None
    found = {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()}
    if found != backup.files:
        raise StateError(f"the backup {source} is damaged: its hashes do not fit")
    return backup, parts


def _set_aside(folder: Path, now: datetime) -> None:
    kept = [folder / f"{name}{ending}" for name in DATABASES for ending in ("", "-wal", "-shm")] + [
        folder / name for name in SECRETS
    ]
    present = [path for path in kept if path.exists()]
    if not present:
        return
    aside = folder / f"before-restore-{now.strftime('%Y%m%dT%H%M%S%fZ')}"
    aside.mkdir(mode=PRIVATE_FOLDER)
    for path in present:
        path.replace(aside / path.name)
    sync_folder(folder)


def _skip_numbers(journal: Path, master_key: bytes) -> None:
    seal = JournalSeal(master_key)
    with closing(sqlite3.connect(journal)) as connection, connection:
        # What somebody changed in the backup itself must not become this door's own word.
        is_ours = bool(master_key) and not seal.problem(connection, was_sealed=True)
        last = connection.execute("SELECT max(sequence) FROM decisions").fetchone()[0] or 0
        reserved = int(fact(connection, "reserved") or 0)
        put_fact(connection, "reserved", max(int(last), reserved) + SEQUENCE_GAP)
        # What the broker has heard since is no news to whoever restores a backup.
        put_fact(connection, RUNS_FACT, "")
        if is_ours:
            seal.put(connection)
