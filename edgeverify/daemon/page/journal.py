"""Decisions, one decision's frames, and acts, as the page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from edgeverify.domain import Notice, NoticeKind, Outcome, Reason
from edgeverify.errors import StateError
from edgeverify.journal.reading import (
    Act,
    DecisionRow,
    Wanted,
    acts,
    decisions,
    find,
    read_notices,
)
from edgeverify.status_socket import Json

MOST = 5000
"""Rows of one answer; an export that wants more asks by period."""

NOTICES = 200
"""Looked at for one answer."""


def wanted(arguments: Mapping[str, Json]) -> Wanted:
    """Read a request's filter. Raises StateError naming what is not one."""
    try:
        outcome, reason = arguments.get("outcome"), arguments.get("reason")
        limit = arguments.get("limit")
        return Wanted(
            limit=min(limit, MOST) if isinstance(limit, int) and limit > 0 else 50,
            card=str(arguments.get("card") or ""),
            since=_moment(arguments.get("since")),
            until=_moment(arguments.get("until")),
            outcome=Outcome(outcome) if outcome else None,
            reason=Reason(reason) if reason else None,
        )
    except ValueError as error:
        raise StateError(f"the journal cannot be queried like that: {error}") from None


def decision_records(journal: Path, asked: Wanted, names: Mapping[str, str]) -> list[Json]:
    """Return the decisions that were asked for, newest first, with the config's names."""
    return [_decision(row, names) for row in decisions(journal, asked)]


def one_decision(journal: Path, event_id: str, names: Mapping[str, str]) -> dict[str, Json]:
    """Return one decision with its frames; empty where there is none."""
    row = find(journal, event_id)
    if row is None:
        return {}
    frames: list[Json] = [
        {
            "offset_seconds": frame.offset_seconds,
            "gate": frame.gate,
            "score": frame.score,
            "threshold": frame.threshold,
            "is_match": frame.is_match,
            "live_probability": frame.live_probability,
        }
        for frame in row.frames
    ]
    return _decision(row, names) | {"frames": frames, "details": dict(row.details)}


def act_records(
    journal: Path, since: datetime | None, until: datetime | None, limit: int
) -> list[Json]:
    """Return the acts of a period, newest first."""
    return [_act(one) for one in acts(journal, since=since, until=until, limit=limit)]


def notice_records(
    journal: Path, door: str, names: Mapping[str, str], *, is_manager: bool
) -> list[Json]:
    """Return the newest notices, newest first; `duress` to managers alone."""
    found = read_notices(journal, door, limit=NOTICES)
    shown = [one for one in found if is_manager or one.kind is not NoticeKind.DURESS]
    return [_notice(one, names) for one in shown]


def _notice(one: Notice, names: Mapping[str, str]) -> Json:
    return {
        "at": one.at.isoformat(),
        "kind": one.kind.value,
        "card": one.card,
        "name": names.get(one.card, ""),
        "event_id": one.event_id,
    }


def _act(one: Act) -> Json:
    return {
        "at": one.at.isoformat(),
        "act": one.act,
        "subject": one.subject,
        "by_user": one.by_user,
    }


def _decision(row: DecisionRow, names: Mapping[str, str]) -> dict[str, Json]:
    return {
        "sequence": row.sequence,
        "event_id": row.event_id,
        "card": row.card,
        "name": names.get(row.card, ""),
        "source": row.source,
        "outcome": row.outcome.value,
        "reason": row.reason.value,
        "issued_at": row.issued_at.isoformat(),
        "duration_seconds": row.duration_seconds,
        "comparisons": row.comparisons,
        "matches": row.matches,
        "score": row.score,
        "threshold": row.threshold,
        "is_delivered": row.is_delivered,
        "opened_by": row.opened_by,
    }


def _moment(value: Json) -> datetime | None:
    if not value:
        return None
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return moment
