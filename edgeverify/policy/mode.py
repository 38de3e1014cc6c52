"""Whether a command is obeyed, and which mode stands. Pure: time is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from edgeverify.domain import Command, DoorMode
from edgeverify.errors import CommandRefusedError

AHEAD = timedelta(seconds=10)
"""How far an operator's clock may be before the door's."""
LONGEST_LIFE = timedelta(seconds=60)
"""A command counts for no longer, like a grant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the door knows when a command comes.

    `last_sequence` is the last one obeyed of the command's key; 0 for none. `longest_open` bounds
    how long a command may keep the door open.
    """

    door: str
    last_sequence: int
    longest_open: timedelta


def check(command: Command, rules: Rules, *, now: datetime, is_clock_trusted: bool) -> None:
    """Return where a command whose signature fits may be obeyed at `now` (aware).

    Raises CommandRefusedError, with the name of the first check that fails: `other_door`,
    `clock_unsynced`, `future_dated`, `expired`, `lives_too_long`, `replayed`, `no_end`,
    `open_too_long`.
    """
    is_open, until = command.mode is DoorMode.OPEN, command.until
    number, last = command.sequence, rules.last_sequence
    checks = (
        ("other_door", command.door != rules.door, f"it is for the door {command.door[:63]!r}"),
        ("clock_unsynced", not is_clock_trusted, "this machine's clock cannot be trusted now"),
        ("future_dated", command.issued_at > now + AHEAD, "it was issued in the future"),
        ("expired", command.expires_at <= now, "it came too late"),
        (
            "lives_too_long",
            command.expires_at - min(command.issued_at, now) > LONGEST_LIFE,
            "no command counts for more than a minute",
        ),
        ("replayed", number <= last, f"its number is {number}, not above {last}"),
        ("no_end", is_open and until is None, "a door is opened for a time, and this names none"),
        (
            "open_too_long",
            is_open and until is not None and until - now > rules.longest_open,
            "it is longer than commands.max_open_hours",
        ),
    )
    for name, is_wrong, detail in checks:
        if is_wrong:
            raise CommandRefusedError(name, detail, command.id)


def standing(
    command: Command | None, *, now: datetime, is_clock_trusted: bool, is_signed: bool
) -> DoorMode:
    """Return the mode that the last command obeyed makes stand at `now`.

    Lock-down ends when its time has come for certain, or by another command. Open ends as soon as
    its time has come, the clock is not to be trusted, or its key counts no more (`is_signed`).
    """
    if command is None or command.mode is DoorMode.NORMAL:
        return DoorMode.NORMAL
    is_over = command.until is not None and now >= command.until
    if command.mode is DoorMode.LOCKDOWN:
        return DoorMode.NORMAL if is_over and is_clock_trusted else DoorMode.LOCKDOWN
    return DoorMode.OPEN if is_signed and is_clock_trusted and not is_over else DoorMode.NORMAL
