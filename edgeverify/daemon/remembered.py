"""What the journal remembers of earlier runs; nothing where it cannot be read at the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from edgeverify.daemon.timekeeping import BELIEVED_FACT, BOOT_FACT, LEAST_FACT
from edgeverify.errors import JournalUnavailableError
from edgeverify.journal import Journal

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """`floor` is the newest trusted wall time, `least` one that passed; ids have their ends."""

    floor: datetime | None
    boot: str | None
    believed: str | None
    claim_ids: Mapping[str, datetime]
    least: datetime | None = None


def remembered(journal: Journal, now: datetime) -> Remembered:
    """Read what is there at the wall time `now` (aware)."""
    return Remembered(
        floor=_or_none(journal.floor),
        boot=_or_none(lambda: journal.fact(BOOT_FACT)),
        believed=_or_none(lambda: journal.fact(BELIEVED_FACT)),
        claim_ids=_or_none(lambda: journal.claim_ids(now)) or {},
        least=_time(_or_none(lambda: journal.fact(LEAST_FACT))),
    )


def _or_none(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except JournalUnavailableError:
        return None


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return None if found.tzinfo is None else found
