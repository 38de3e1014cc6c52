"""Whom the lock believes: the door's keys, those announced since, and each number once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edgeverify.atomic_file import write_whole
from edgeverify.client import DoorEvent, EventChecker, load_verify_keys
from edgeverify.client.sequence import SequenceFile, default_sequence_file
from edgeverify.domain import DoorMode
from edgeverify.errors import EventError, StateError
from edgeverify.events import NextKey, read_mode, read_next_key

MAX_ANNOUNCED = 8
"""The newest are kept; a door rotates its key every few months."""


class Trust:
    """Checks events and follows announced keys; what it must remember is on disk before it acts."""

    def __init__(
        self,
        door: str,
        key_files: Sequence[Path],
        *,
        host: str,
        environ: Mapping[str, str],
        started: datetime,
    ) -> None:
        """Read the keys and the last sequence. Raises KeyUnusableError and StateError.

        While no sequence is known, events issued before `started` are refused.
        """
        self._door = door
        self._kept = SequenceFile(default_sequence_file(door, host, environ))
        self._announced_file = self._kept.path.with_suffix(".announced.pem")
        self._keys = load_verify_keys(key_files)
        self._announced: list[Ed25519PublicKey] = []
        if self._announced_file.exists():
            found = load_verify_keys([self._announced_file])
            self._announced = list(found.values())
            self._keys |= found
        self._stated_at = started
        known = self._kept.read() or 0
        self._checker = EventChecker(
            door, self._keys, after_sequence=known, since=None if known else started
        )

    @property
    def keyids(self) -> tuple[str, ...]:
        """The names of the keys that are believed."""
        return tuple(self._keys)

    def check(self, raw: bytes, *, now: datetime, is_retained: bool) -> DoorEvent:
        """Return a checked event whose number is used up, on disk.

        Raises EventError, and StateError where the number cannot be kept: then nothing may open.
        """
        event = self._checker.check(raw, now=now, is_retained=is_retained)
        self._kept.write(event.sequence)
        return event

    def open_until(self, status: bytes, now: datetime) -> datetime | None:
        """Return until when the door itself says that it is open; None where it does not.

        Raises EventError for a statement that is forged, another door's, expired, or from before
        this program began or the last one: an old one would open again what was closed since.
        """
        statement = read_mode(status, self._door, self._keys, now=now)
        if statement is None:
            return None
        if statement.issued_at < self._stated_at:
            raise EventError("a mode's statement is older than one that was seen before")
        self._stated_at = statement.issued_at
        return statement.expires_at if statement.mode is DoorMode.OPEN else None

    def learn(self, status: bytes) -> NextKey | None:
        """Believe the key that the status announces; return it where it is new.

        Raises EventError unless a key that is believed has signed it, and StateError where it
        cannot be kept.
        """
        following = read_next_key(status, self._door, self._keys)
        if following is None or following.keyid in self._keys:
            return None
        announced = [*self._announced, following.public][-MAX_ANNOUNCED:]
        pem = b"".join(
            key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) for key in announced
        )
        try:
            write_whole(self._announced_file, pem)
        except OSError as error:
            raise StateError(
                f"cannot write {self._announced_file}, which keeps the announced key: "
                f"{error.strerror}"
            ) from None
        self._announced = announced
        self._keys[following.keyid] = following.public
        return following
