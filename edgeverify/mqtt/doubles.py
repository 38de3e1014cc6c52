"""What the status topic holds of this door: from another daemon, or from an earlier run.

Is another daemon speaking as this door? That is told by what it says, or by how connections end.

Brokers name a take-over (reason 142), but not all do: Mosquitto 2.0.11 hangs up without a word. And
two installations with one door's name have different client ids: nobody takes over anything, both
answer every claim. So each daemon says on the status topic which run it is, and hears the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from edgeverify.domain import Degradation, FaultName
from edgeverify.mqtt.status_forms import MAX_FORM_BYTES

STANDS_SECONDS = 120.0
"""So long after the last sign of it; a running daemon tells its status every 15 s."""
SHORT_SECONDS = 10.0
SHORT_LIVES = 3
"""Connections in a row that the broker took and soon closed, by which a take-over is told."""


class Doubles:
    """Used by the link's and the connection's threads; each call writes single values."""

    def __init__(self, run: str, now: Callable[[], float]) -> None:
        """`run` is what this daemon's own status says; `now` is monotonic seconds."""
        self._run = run
        self._now = now
        self._seen_at = float("-inf")
        self._detail = ""
        self._strange_retained_at = float("-inf")
        self._short_lives = 0

    def heard(self, message: bytes, *, is_retained: bool, has_told: bool) -> None:
        """Take in a message of the status topic; `has_told`: ours was acknowledged before.

        What was retained before we told may be our own from an earlier run. A broker that comes
        back from an old file may show that once more, so one retained message proves nothing.
        """
        other = _run_of(message)
        if other in {"", self._run} or not has_told:
            return
        before = self._strange_retained_at
        if is_retained:
            self._strange_retained_at = self._now()
            if self._now() - before > STANDS_SECONDS:
                return
        self._saw("another daemon publishes its status as this door")

    def ended(self, held_seconds: float, problem: Degradation | None) -> bool:
        """Take in the end of a connection that was up; return whether a take-over may be the cause.

        `problem` is the broker's own word for it, None where it gave none.
        """
        if problem is not None and problem.name is FaultName.BROKER_SESSION_TAKEN_OVER:
            self._saw(problem.detail)
            return True
        is_short = problem is None and held_seconds < SHORT_SECONDS
        self._short_lives = self._short_lives + 1 if is_short else 0
        return self._short_lives >= SHORT_LIVES

    @property
    def lost_words(self) -> str:
        """Return what to say of a connection that was lost without a reason."""
        if self._short_lives < SHORT_LIVES:
            return "the connection was lost"
        return (
            f"the broker takes and soon closes each connection ({self._short_lives} in a row): it "
            "restarts again and again, or another client comes with the same id or login"
        )

    def problem(self) -> Degradation | None:
        """Return what was seen of another daemon lately."""
        if self._now() - self._seen_at > STANDS_SECONDS:
            return None
        return Degradation(name=FaultName.BROKER_SESSION_TAKEN_OVER, detail=self._detail)

    def _saw(self, detail: str) -> None:
        self._seen_at, self._detail = self._now(), detail


def _run_of(message: bytes) -> str:
    """Return which run of a daemon says it; empty where it is not a status that names one."""
    run = record_of(message).get("run")
    return run if isinstance(run, str) else ""


def record_of(message: bytes) -> dict[str, object]:
    """Return what a status says; nothing where it is none."""
    try:
        record = json.loads(message) if len(message) <= MAX_FORM_BYTES else None
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


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
