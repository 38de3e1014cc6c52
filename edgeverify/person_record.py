"""Everything that a door keeps about one person, for whoever asks what is known of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from edgeverify.config import LoadedConfig
from edgeverify.journal.database import unavailable
from edgeverify.journal.rows import from_ms, read_lockouts
from edgeverify.private_sqlite import has_table, open_for_reading
from edgeverify.references.database import summaries
from edgeverify.references.evidence import EvidenceFolder
from edgeverify.settings import StaffEntry
from edgeverify.state import StateDirectory

Rows: TypeAlias = list[dict[str, Any]]

_DECISIONS = """SELECT event_id, claim_id, source, outcome, reason, issued_ms, duration_seconds,
    comparisons, matches, score, threshold,
    (SELECT count(*) FROM frames WHERE frames.sequence = decisions.sequence) AS frames
    FROM decisions WHERE card = ? ORDER BY sequence"""
_NOTICES = "SELECT kind, event_id, at_ms FROM notices WHERE card = ? ORDER BY number"
_ACTS = "SELECT act, by_user, at_ms FROM acts WHERE subject = ? ORDER BY id"
_COUNTED = "SELECT embedding_space, grants, comparisons FROM impostors WHERE card = ?"
_INSIDE = "SELECT since_ms FROM inside WHERE card = ?"
_TABLES = {
    "decisions": ("decisions", _DECISIONS),
    "notices": ("notices", _NOTICES),
    "acts": ("acts", _ACTS),
    "counted_scores": ("impostors", _COUNTED),
    "inside": ("inside", _INSIDE),
}
"""Each part of the record with its table; an older release does not have the later ones."""
TIMES = {"issued_ms": "at", "at_ms": "at", "since_ms": "since"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRecord:
    """What is kept about `card`, in JSON's own types; times are ISO 8601 in UTC.

    `config` is the entry of `staff`, `reference` what lies beside the sealed embedding, which says
    nothing that a person could read.
    """

    card: str
    asked_at: datetime
    config: Mapping[str, Any] | None
    reference: Mapping[str, Any] | None
    journal: Mapping[str, Rows]
    lockout: Mapping[str, Any] | None

    @property
    def is_empty(self) -> bool:
        """True where the door knows nothing of the card."""
        known = (self.config, self.reference, self.lockout, *self.journal.values())
        return not any(known)

    def record(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return {
            "card": self.card,
            "asked_at": self.asked_at.isoformat(),
            "config": self.config,
            "reference": self.reference,
            **self.journal,
            "lockout": self.lockout,
        }


def own_card(config: LoadedConfig, number: str) -> str:
    """Return the card under which a person is kept: their own, also for their second number."""
    staff = config.settings.staff
    return next((entry.card for entry in staff if number == entry.duress_card), number)


def gather(config: LoadedConfig, place: StateDirectory, card: str, now: datetime) -> PersonRecord:
    """Read what is kept about `card` or its person, beside a running daemon, changing nothing.

    Raises StateError and JournalUnavailableError.
    """
    card = own_card(config, card)
    entries = {entry.card: entry for entry in config.settings.staff}
    known = summaries(place.references) if place.references.exists() else ()
    reference = next((one for one in known if one.card == card), None)
    rows, lockout = _of_journal(place, card)
    return PersonRecord(
        card=card,
        asked_at=now,
        config=_entry(entries.get(card)),
        reference=None
        if reference is None
        else {
            "name": reference.name,
            "photos": reference.photo_count,
            "enrolled_at": reference.enrolled_at.isoformat(),
            "model": reference.embedding_space,
            "embedding": "sealed; numbers that a network has made of the photos",
        },
        journal=rows | {"evidence": _pictures(place, rows["decisions"])},
        lockout=lockout,
    )


def _pictures(place: StateDirectory, decisions: Rows) -> Rows:
    kept = EvidenceFolder(place.evidence, b"").kept()
    return [
        {"event_id": row["event_id"], "at": row["at"]}
        for row in decisions
        if row["event_id"] in kept
    ]


def _entry(entry: StaffEntry | None) -> dict[str, Any] | None:
    return None if entry is None else entry.model_dump(mode="json")


def _of_journal(
    place: StateDirectory, card: str
) -> tuple[dict[str, Rows], Mapping[str, Any] | None]:
    if not place.journal.exists():
        return {name: [] for name in _TABLES}, None
    try:
        with closing(open_for_reading(place.journal)) as connection:
            connection.row_factory = sqlite3.Row
            found = {
                name: _rows(connection, query, card) if has_table(connection, table) else []
                for name, (table, query) in _TABLES.items()
            }
            connection.row_factory = None
            state = read_lockouts(connection).get(card)
    except sqlite3.Error as error:
        raise unavailable(place.journal, error, is_reading=True) from None
    if state is None:
        return found, None
    until = state.locked_until
    return found, {
        "failures": state.failures,
        "locked_until": None if until is None else until.isoformat(),
    }


def _rows(connection: sqlite3.Connection, query: str, card: str) -> Rows:
    found = []
    for row in connection.execute(query, (card,)):
        values = dict(row)
        for column, name in TIMES.items():
            if column in values:
                values[name] = from_ms(values.pop(column)).isoformat()
        found.append(values)
    return found
