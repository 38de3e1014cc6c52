"""Reading the journal beside a running daemon: lists and reports, never a change."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from edgeverify.domain import Notice, Outcome, Reason
from edgeverify.errors import JournalUnavailableError
from edgeverify.journal.database import unavailable
from edgeverify.journal.entry import FrameRecord
from edgeverify.journal.notices import notices_of
from edgeverify.journal.rows import from_ms, to_ms
from edgeverify.private_sqlite import has_table, open_for_reading

_COLUMNS = (
    "sequence, event_id, claim_id, card, source, outcome, reason, issued_ms, duration_seconds,"
    " comparisons, matches, score, threshold, details,"
    " EXISTS (SELECT 1 FROM outbox WHERE outbox.sequence = decisions.sequence), payload"
)


UNWRITTEN = (
    ValueError,
    TypeError,
    OverflowError,
    AttributeError,
    RecursionError,
    sqlite3.DatabaseError,
)
"""What comes of a value that no door writes, where the file is whole for SQLite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One decision as it was written down; `is_delivered` once the broker acknowledged it.

    `opened_by` is who alone opens after a grant (`panel`); empty at a door of its own.
    """

    sequence: int
    event_id: str
    claim_id: str
    card: str
    source: str
    outcome: Outcome
    reason: Reason
    issued_at: datetime
    duration_seconds: float
    comparisons: int
    matches: int
    score: float | None
    threshold: float | None
    details: dict[str, str | float | int | bool | None]
    is_delivered: bool
    opened_by: str = ""
    frames: tuple[FrameRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which decisions to read; what is None or empty does not restrict.

    `since` counts, `until` does not; both need their time zone.
    """

    limit: int = 20
    card: str = ""
    since: datetime | None = None
    until: datetime | None = None
    outcome: Outcome | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a person did to the door, or its lock reported, as it was written down."""

    at: datetime
    act: str
    subject: str
    by_user: str


def recent(path: Path, *, limit: int = 20, card: str = "") -> tuple[DecisionRow, ...]:
    """Return the newest decisions, newest first, without their frames.

    `card` restricts to one card. Raises JournalUnavailableError.
    """
    return decisions(path, Wanted(limit=limit, card=card))


def decisions(path: Path, wanted: Wanted) -> tuple[DecisionRow, ...]:
    """Return the newest decisions that are wanted, newest first, without their frames.

    Raises JournalUnavailableError.
    """
    rules: list[tuple[str, object]] = []
    if wanted.card:
        rules.append(("card = ?", wanted.card))
    if wanted.outcome is not None:
        rules.append(("outcome = ?", wanted.outcome.value))
    if wanted.reason is not None:
        rules.append(("reason = ?", wanted.reason.value))
    rules += _period("issued_ms", wanted.since, wanted.until)
    query = f"SELECT {_COLUMNS} FROM decisions {_where(rules)} ORDER BY sequence DESC LIMIT ?"  # noqa: S608 - constants
    rows = _query(path, query, [*(value for _, value in rules), wanted.limit])
    return tuple(_decision(row) for row in rows)


def read_notices(path: Path, door: str, *, limit: int = 20, card: str = "") -> tuple[Notice, ...]:
    """Return the newest notices, newest first. Raises JournalUnavailableError."""
    if not path.exists():
        _query(path, "", [])
    try:
        with closing(open_for_reading(path)) as connection:
            if not has_table(connection, "notices"):
                return ()  # written by an older release
            return notices_of(connection, door, card=card, limit=limit)
    except sqlite3.Error as error:
        raise unavailable(path, error, is_reading=True) from None
    except UNWRITTEN:
        raise _changed("a notice of the journal holds") from None


def acts(
    path: Path, *, since: datetime | None = None, until: datetime | None = None, limit: int = 20
) -> tuple[Act, ...]:
    """Return the newest acts, newest first. Raises JournalUnavailableError."""
    rules = _period("at_ms", since, until)
    query = (
        f"SELECT at_ms, act, subject, by_user FROM acts {_where(rules)} ORDER BY id DESC LIMIT ?"  # noqa: S608 - constants
    )
    rows = _query(path, query, [*(value for _, value in rules), limit])
    try:
        return tuple(
            Act(at=from_ms(int(str(at))), act=str(act), subject=str(subject), by_user=str(who))
            for at, act, subject, who in rows
        )
    except UNWRITTEN:
        raise _changed("an act of the journal holds") from None


def _period(
    column: str, since: datetime | None, until: datetime | None
) -> list[tuple[str, object]]:
    rules: list[tuple[str, object]] = []
    if since is not None:
        rules.append((f"{column} >= ?", to_ms(since)))
    if until is not None:
        rules.append((f"{column} < ?", to_ms(until)))
    return rules


def _where(rules: Sequence[tuple[str, object]]) -> str:
    return f"WHERE {' AND '.join(rule for rule, _ in rules)}" if rules else ""


def find(path: Path, event_id: str) -> DecisionRow | None:
    """Return one decision with its frames, or None. Raises JournalUnavailableError."""
    query = f"SELECT {_COLUMNS} FROM decisions WHERE event_id = ?"  # noqa: S608 - columns of ours
    rows = _query(path, query, [event_id])
    if not rows:
        return None
    frames = _query(
        path,
        "SELECT offset_seconds, gate, score, is_match, figures FROM frames"
        " WHERE sequence = ? ORDER BY position",
        [rows[0][0]],
    )
    try:
        seen = tuple(_frame(*frame) for frame in frames)
    except UNWRITTEN:
        raise _changed(f"the frames of decision {rows[0][0]} hold") from None
    return _decision(rows[0], seen)


def _query(path: Path, query: str, values: list[object]) -> list[tuple[object, ...]]:
    if not path.exists():
        raise JournalUnavailableError(
            f"the journal {path} does not exist",
            advice="The daemon makes it on its first start; is --state right?",
        )
    try:
        with closing(open_for_reading(path)) as connection:
            return connection.execute(query, values).fetchall()
    except sqlite3.Error as error:
        raise unavailable(path, error, is_reading=True) from None


def _decision(row: tuple[object, ...], frames: tuple[FrameRecord, ...] = ()) -> DecisionRow:
    """Raise JournalUnavailableError for a value that no door writes."""
    try:
        return _as_written(row, frames)
    except UNWRITTEN:
        raise _changed(f"decision {row[0]} of the journal holds") from None


def _changed(what: str) -> JournalUnavailableError:
    return JournalUnavailableError(
        f"{what} a value that no door writes",
        advice="Somebody changed the file: `edgeverify journal check` names what else.",
    )


def _as_written(row: tuple[object, ...], frames: tuple[FrameRecord, ...]) -> DecisionRow:
    names = [field.name for field in fields(DecisionRow)][: len(row)]
    values = dict(zip(names, row, strict=True))
    values["outcome"] = Outcome(values["outcome"])
    values["reason"] = Reason(values["reason"])
    values["issued_at"] = from_ms(int(str(values["issued_at"])))
    values["details"] = json.loads(str(values["details"]))
    if not isinstance(values["details"], dict):
        raise TypeError("details must be an object")
    _require_text(*(values[name] for name in ("event_id", "claim_id", "card", "source")))
    _require_numbers(*(values[name] for name in ("duration_seconds", "comparisons", "matches")))
    _require_numbers(*(values[name] for name in ("score", "threshold")), may_lack=True)
    values["is_delivered"] = not values["is_delivered"]  # the column says: still in the outbox
    values["opened_by"] = _opened_by(values["opened_by"])
    return DecisionRow(**values, frames=frames)  # type: ignore[arg-type]


def _require_text(*values: object) -> None:
    if not all(isinstance(value, str) for value in values):
        raise TypeError("a text is none")


def _require_numbers(*values: object, may_lack: bool = False) -> None:
    for value in values:
        if value is None and may_lack:
            continue
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            raise TypeError("a number is none")


def _opened_by(payload: object) -> str:
    if not isinstance(payload, bytes) or not isinstance(signed := json.loads(payload), dict):
        raise TypeError("what was signed is not an object")
    return str(signed.get("opened_by", ""))


def _frame(
    offset_seconds: object, gate: object, score: object, is_match: object, figures: object
) -> FrameRecord:
    known = {field.name for field in fields(FrameRecord)}
    values = {key: value for key, value in json.loads(str(figures)).items() if key in known}
    stages = values.pop("stage_milliseconds", [])
    _require_numbers(offset_seconds)
    _require_numbers(score, may_lack=True)
    if not all(isinstance(value, (int, float, str, type(None))) for value in values.values()):
        raise TypeError("a frame's figure is none")
    if not str(gate).isprintable():
        raise ValueError("a gate's name would steer a terminal")
    return FrameRecord(
        offset_seconds=offset_seconds,  # type: ignore[arg-type]
        gate=str(gate),
        score=score,  # type: ignore[arg-type]
        is_match=bool(is_match),
        stage_milliseconds=tuple((name, milliseconds) for name, milliseconds in stages),
        **values,
    )
