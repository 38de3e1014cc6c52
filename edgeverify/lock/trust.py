"""Whom the lock believes: the door's keys, those announced since, and each number once.

And whether this machine's time may be believed; without it no expiry means anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from edgeverify.client import DoorEvent, EventChecker, load_verify_keys
from edgeverify.client.subscriber_state import AnnouncedKeys, SequenceFile, default_sequence_file
from edgeverify.clock import EARLIEST, ClockReading
from edgeverify.domain import DoorMode
from edgeverify.errors import EventError
from edgeverify.events import NextKey, read_mode


class LockClock:
    """Asks the machine's clock. `read` is `SystemClock.read`, replaceable for tests."""

    def __init__(self, read: Callable[[], ClockReading], *, may_be_unsynced: bool) -> None:
        self._read = read
        self._may_be_unsynced = may_be_unsynced

    def problem(self) -> str:
        """Return why nothing may be opened by the clock, or empty."""
        reading = self._read()
        if reading.wall < EARLIEST:
            return f"The clock is not set: it says {reading.wall:%Y-%m-%d %H:%M} UTC."
        if not reading.is_synchronised and not self._may_be_unsynced:
            return (
                "The clock was not set since this machine started. Give it a time server, or set "
                "allow_unsynced_clock."
            )
        return ""


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
        self._kept = SequenceFile(default_sequence_file(door, host, environ))
        self._door = door
        self._announced = AnnouncedKeys(door, load_verify_keys(key_files), self._kept.path)
        self._stated_at = started
        known = self._kept.read() or 0
        self._checker = EventChecker(
            door, self._announced.believed, after_sequence=known, since=None if known else started
        )

    @property
    def keyids(self) -> tuple[str, ...]:
        """The names of the keys that are believed."""
        return tuple(self._announced.believed)

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
        statement = read_mode(status, self._door, self._announced.believed, now=now)
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
        return self._announced.learn(status)
