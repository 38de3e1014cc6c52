"""What the broker kept of this door's status when it was connected: how far an earlier run came."""

from __future__ import annotations

from dataclasses import dataclass

from edgeverify.mqtt.doubles import record_of


@dataclass(frozen=True, slots=True)
class ToldBefore:
    """A run of a daemon, and the highest sequence that it had given when it said so.

    It is not signed: a reason to count on, no more.
    """

    run: str
    sequence: int


def told_before(status: bytes) -> ToldBefore | None:
    """Read a retained status; None where it does not say both (an earlier release's does not)."""
    record = record_of(status)
    run, sequence = record.get("run"), record.get("sequence")
    if not isinstance(run, str) or not isinstance(sequence, int) or isinstance(sequence, bool):
        return None
    return ToldBefore(run, sequence)
