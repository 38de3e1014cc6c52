"""What a lock says of its door: retained on `lock`, written by the lock program alone.

It is told to people, monitors and the door's journal. Nothing may open because of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from edgeverify.errors import EventError
from edgeverify.events.payload import from_wire_time, to_wire_time
from edgeverify.events.strict_json import read_object, text_of

LOCK_TYPE = "edgeverify.lock.v1"
MAX_LOCK_BYTES = 4096


class LockState(str, Enum):
    """How the door stands, as far as relay, door contact and exit button tell."""

    LOCKED = "locked"
    """The relay is at rest and the door is not known to be open."""
    OPEN = "open"
    """The relay has released the door, or it stands open after that."""
    HELD_OPEN = "held_open"
    """It was opened rightly, and has stood open for too long."""
    FORCED = "forced"
    """It was opened while the relay kept it locked."""
    OPENED_WITHOUT_GRANT = "opened_without_grant"
    """It was opened after the exit button: somebody went out, nobody was verified."""
    GRANTED_NOT_OPENED = "granted_not_opened"
    """A grant released the door, and nobody opened it; it is locked again."""
    UNKNOWN = "unknown"
    """The lock program is gone: its last will, or its word when it stops."""


class LockCause(str, Enum):
    """What began the state."""

    START = "start"
    GRANT = "grant"
    EXIT_BUTTON = "exit_button"
    OPEN_MODE = "open_mode"
    """The door said that an operator has opened it."""
    CONTACT = "contact"
    TIME = "time"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockReport:
    """One state of a lock. `id` is new for each change; what is repeated carries the same.

    `is_open` is the door contact's word, None where there is no contact or it cannot be read.
    `event_id` is that of the grant that led here, or empty. `at` is None in the last will alone.
    `faults` are sentences for people.
    """

    id: str
    door: str
    state: LockState
    cause: LockCause
    is_released: bool
    is_open: bool | None
    at: datetime | None
    event_id: str = ""
    faults: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Return the message."""
        record: dict[str, object] = {
            "type": LOCK_TYPE,
            "id": self.id,
            "door": self.door,
            "state": self.state.value,
            "cause": self.cause.value,
            "released": self.is_released,
            "door_open": self.is_open,
            "at": None if self.at is None else to_wire_time(self.at),
            "event_id": self.event_id or None,
            "faults": list(self.faults),
        }
        return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> LockReport:
        """Read a message; keys that a later release added are ignored. Raises EventError."""
        try:
            return cls._from_record(read_object(raw, limit_bytes=MAX_LOCK_BYTES))
        except ValueError as error:
            raise EventError(f"a lock's state is malformed: {error}") from None

    @classmethod
    def _from_record(cls, record: dict[str, object]) -> LockReport:
        if record.get("type") != LOCK_TYPE:
            raise ValueError(f"type must be {LOCK_TYPE}")
        released, is_open = record.get("released"), record.get("door_open")
        if not isinstance(released, bool) or not (is_open is None or isinstance(is_open, bool)):
            raise ValueError("released and door_open must be true or false")
        faults = record.get("faults", [])
        if not isinstance(faults, list) or not all(isinstance(one, str) for one in faults):
            raise ValueError("faults must be a list of texts")
        return cls(
            id=text_of(record, "id", limit=64),
            door=text_of(record, "door"),
            state=LockState(text_of(record, "state")),
            cause=LockCause(text_of(record, "cause")),
            is_released=released,
            is_open=is_open,
            at=None if record.get("at") is None else from_wire_time(text_of(record, "at")),
            event_id="" if record.get("event_id") is None else text_of(record, "event_id"),
            faults=tuple(faults),
        )


def last_will(door: str) -> bytes:
    """Return what the broker says once the lock program has vanished."""
    return LockReport(
        id="gone",
        door=door,
        state=LockState.UNKNOWN,
        cause=LockCause.GONE,
        is_released=False,
        is_open=None,
        at=None,
    ).to_bytes()
