"""Decisions and acts of the journal as a table, as CSV, or as JSON, one object per line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgeverify.config.wall_clock import WallClock
    from edgeverify.domain import Notice
    from edgeverify.journal.reading import Act, DecisionRow

Value = str | int | float | bool | None | dict[str, str | float | int | bool | None]
Record = dict[str, Value]


class Form(str, Enum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def decision_lines(
    rows: Iterable[DecisionRow], names: Mapping[str, str], clock: WallClock, form: Form
) -> Iterator[str]:
    """Print decisions; `names` are the people of the config by card."""
    if form is Form.TABLE:
        for row in rows:
            yield f"{_local(row.issued_at, clock)}  {_decision_line(row, names.get(row.card, ''))}"
        return
    yield from _records(
        (
            _decision(row, names.get(row.card, "")) | {"issued_at": _at(row.issued_at, clock, form)}
            for row in rows
        ),
        form,
    )


def act_lines(rows: Iterable[Act], clock: WallClock, form: Form) -> Iterator[str]:
    """Print the acts of people."""
    if form is Form.TABLE:
        for row in rows:
            at = _local(row.at, clock)
            yield f"{at}  {row.act:<40}  {row.subject:<28}  by {row.by_user}"
        return
    yield from _records(
        (
            {
                "at": _at(one.at, clock, form),
                "act": one.act,
                "subject": one.subject,
                "by_user": one.by_user,
            }
            for one in rows
        ),
        form,
    )


def notice_lines(
    rows: Iterable[Notice], names: Mapping[str, str], clock: WallClock, form: Form
) -> Iterator[str]:
    """Print what those who watch were told."""
    if form is Form.TABLE:
        for row in rows:
            whose = f"{row.card:<16}  {names.get(row.card, ''):<28}"
            at = _local(row.at, clock)
            yield f"{at}  {row.kind.value:<14}  {whose}  {row.event_id}"
        return
    yield from _records(
        (
            {
                "at": _at(one.at, clock, form),
                "kind": one.kind.value,
                "card": one.card,
                "name": names.get(one.card, ""),
                "event_id": one.event_id,
            }
            for one in rows
        ),
        form,
    )


def _decision_line(row: DecisionRow, name: str) -> str:
    score = "" if row.score is None else f"score {row.score:.3f}"
    is_passed_on = row.opened_by and row.outcome.value == "grant"
    opener = f"  the {row.opened_by} decides" if is_passed_on else ""
    waiting = "" if row.is_delivered else "  not delivered yet"
    return (
        f"{row.outcome.value:<5}  {row.reason.value:<20}  "
        f"{row.card:<16}  {name[:24]:<24}  {row.matches}/{row.comparisons}  {score:<12}  "
        f"{row.event_id}{opener}{waiting}"
    )


def _decision(row: DecisionRow, name: str) -> Record:
    return {
        "sequence": row.sequence,
        "event_id": row.event_id,
        "claim_id": row.claim_id,
        "card": row.card,
        "name": name,
        "source": row.source,
        "outcome": row.outcome.value,
        "reason": row.reason.value,
        "issued_at": row.issued_at.isoformat(),
        "duration_seconds": row.duration_seconds,
        "comparisons": row.comparisons,
        "matches": row.matches,
        "score": row.score,
        "threshold": row.threshold,
        "details": row.details,
        "is_delivered": row.is_delivered,
        "opened_by": row.opened_by,
    }


def _records(records: Iterable[Record], form: Form) -> Iterator[str]:
    if form is Form.JSON:
        for record in records:
            yield json.dumps(record, ensure_ascii=False)
        return
    is_first = True
    for record in records:
        if is_first:
            yield _csv_line(record)
            is_first = False
        yield _csv_line(record.values())


def _csv_line(cells: Iterable[Value]) -> str:
    from edgeverify.table_rows import spreadsheet_row

    return spreadsheet_row(
        json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict) else cell for cell in cells
    )


def _local(at: datetime, clock: WallClock) -> str:
    """Return it to the second, with the offset: an hour comes twice when summer time ends."""
    return clock.at(at).isoformat(sep=" ", timespec="seconds")


def _at(at: datetime, clock: WallClock, form: Form) -> str:
    """Return it with its offset; for programs (JSON) in UTC, as it has always been."""
    return at.isoformat() if form is Form.JSON else clock.stamp(at)
