"""Journal: decisions and acts by period, card, outcome and reason; one decision; an export.

A decision's scores over time are the numbers of a small drawing (SVG).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from edgeverify.config.wall_clock import WallClock
from edgeverify.domain import Outcome, Reason
from edgeverify.status_socket import Json
from edgeverify.table_rows import spreadsheet_row
from edgeverify.web.guard import session_of
from edgeverify.web.parts import Parts
from edgeverify.web.roles import MANAGERS
from edgeverify.web.words import of_lock, reason, stamp

WIDTH, HEIGHT = 640.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 48.0, 14.0, 14.0, 34.0


@dataclass(frozen=True, slots=True)
class Dot:
    """One frame: where, what it was, and its words for whoever cannot see it."""

    x: float
    y: float
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything in the drawing's own units. `limit_y` is the threshold, None where none is known.

    `ticks` are a height and its score, `seconds` a place and its time.
    """

    dots: tuple[Dot, ...]
    line: str
    limit_y: float | None
    ticks: tuple[tuple[float, str], ...]
    seconds: tuple[tuple[float, str], ...]


def chart(frames: Sequence[Mapping[str, Any]], threshold: float | None) -> Chart | None:
    """Return the drawing of a decision's frames; None where nothing was seen."""
    if not frames:
        return None
    scores = [float(one["score"]) for one in frames if one["score"] is not None]
    values = scores + ([threshold] if threshold is not None else [])
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    pad = max((high - low) * 0.15, 0.01)
    low, high = low - pad, high + pad
    end = max(0.5, *(float(one["offset_seconds"]) for one in frames))

    def across(seconds: float) -> float:
        return round(LEFT + max(0.0, seconds) / end * (WIDTH - LEFT - RIGHT), 1)

    def up(score: float) -> float:
        return round(TOP + (high - score) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    dots = tuple(_dot(one, across, up) for one in frames)
    scored = [dot for dot in dots if dot.kind != "gate"]
    return Chart(
        dots=dots,
        line=" ".join(f"{dot.x},{dot.y}" for dot in scored),
        limit_y=None if threshold is None else up(threshold),
        ticks=tuple((up(v), f"{v:.2f}") for v in (low + pad, (low + high) / 2, high - pad)),
        seconds=tuple((across(end * part), f"{end * part:.1f} s") for part in (0, 0.5, 1)),
    )


def _dot(frame: Mapping[str, Any], across: Any, up: Any) -> Dot:
    offset = float(frame["offset_seconds"])
    if frame["score"] is None:
        gate = str(frame["gate"] or "not compared").replace("_", " ")
        return Dot(across(offset), HEIGHT - BOTTOM, "gate", f"{offset:.1f} s: {gate}")
    kind = "hit" if frame["is_match"] else "miss"
    words = (
        f"{offset:.1f} s: score {frame['score']:.3f}, {'match' if kind == 'hit' else 'no match'}"
    )
    return Dot(across(offset), up(float(frame["score"])), kind, words)


ROWS = 50
NOTICES = 100
LOCK_ACTS = 500
"""Acts that are looked through for what the lock reported."""
EXPORTED = 5000
SPREADSHEET_MARK, NEW_LINE = "\ufeff", "\r\n"
"""Without the first Excel reads UTF-8 as the machine's old code page."""
COLUMNS = (
    "issued_at",
    "card",
    "name",
    "outcome",
    "reason",
    "source",
    "matches",
    "comparisons",
    "score",
    "threshold",
    "duration_seconds",
    "event_id",
    "opened_by",
)


class NoDayError(ValueError):
    """A day that is none, or no period; the text says which."""


async def show(request: Request, parts: Parts) -> Response:
    """Return the decisions that the filter asks for, newest first."""
    chosen, problem, rows = _chosen(request), "", []
    try:
        asked = _asked(chosen, parts.clock)
    except NoDayError as error:
        problem = str(error)
    else:
        rows = await _decisions(parts, asked, ROWS + 1)
    values = {
        "chosen": chosen,
        "problem": problem,
        "rows": rows[:ROWS],
        "has_more": len(rows) > ROWS,
        "outcomes": [one.value for one in Outcome],
        "reasons": sorted(((one.value, reason(one.value)) for one in Reason), key=lambda r: r[1]),
        "export": urlencode({key: value for key, value in chosen.items() if value}),
    }
    return parts.render(request, "journal.html", values, status=400 if problem else 200)


async def acts(request: Request, parts: Parts) -> Response:
    """Return what people did to the door, and what its lock reported."""
    rows = (await parts.link.ask("acts", limit=200))["rows"]
    return parts.render(request, "acts.html", {"rows": rows})


async def decision(request: Request, parts: Parts) -> Response:
    """Return one decision with its scores over time."""
    return await _one(request, parts, "")


async def picture(request: Request, parts: Parts) -> Response:
    """Return one decision with its evidence picture; the daemon writes down who sees it."""
    event_id = request.path_params["event_id"]
    told = await parts.link.ask("picture", event_id=event_id, user=session_of(request).name)
    return await _one(request, parts, str(told["jpeg"]))


async def notices(request: Request, parts: Parts) -> Response:
    """Return what whoever looks after the door should know, newest first."""
    is_manager = session_of(request).role in MANAGERS
    told = await parts.link.ask("notices", is_manager=is_manager)
    reported = (await parts.link.ask("acts", limit=LOCK_ACTS))["rows"]
    rows = [*told["rows"], *(row for one in reported if (row := of_lock(one)) is not None)]
    rows.sort(key=lambda row: str(row["at"]), reverse=True)
    return parts.render(request, "notices.html", {"rows": rows[:NOTICES]})


async def _one(request: Request, parts: Parts, jpeg: str) -> Response:
    found = await parts.link.ask("decision", event_id=request.path_params["event_id"])
    if not found:
        values = {"problem": "The journal has no such decision.", "advice": "It may be too old."}
        return parts.render(request, "problem.html", values, status=404)
    drawn = chart(found["frames"], found["threshold"])
    return parts.render(request, "decision.html", {"row": found, "chart": drawn, "picture": jpeg})


async def export(request: Request, parts: Parts) -> Response:
    """Return the filtered decisions as CSV; who takes them is written down."""
    chosen = _chosen(request)
    try:
        asked = _asked(chosen, parts.clock)
    except NoDayError:
        return RedirectResponse(f"/journal?{urlencode(chosen)}", 303)
    said = " ".join(f"{key}={value}" for key, value in chosen.items() if value) or "everything"
    await parts.link.write_down("page export journal", said, session_of(request).name)
    rows = await _decisions(parts, asked, EXPORTED)
    lines = [spreadsheet_row(COLUMNS)]
    lines += [spreadsheet_row(_cells(row, parts.clock)) for row in rows]
    name = f"{parts.door_name}-journal.csv"
    return Response(
        f"{SPREADSHEET_MARK}{NEW_LINE.join(lines)}{NEW_LINE}",
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


async def _decisions(parts: Parts, asked: Mapping[str, Json], limit: int) -> list[Any]:
    answer = await parts.link.ask("decisions", timeout_seconds=30.0, limit=limit, **asked)
    rows: list[Any] = answer["rows"]
    return rows


def _cells(row: Mapping[str, Any], clock: WallClock) -> list[Any]:
    return [stamp(row[key], clock) if key == "issued_at" else row.get(key, "") for key in COLUMNS]


def _chosen(request: Request) -> dict[str, str]:
    query = request.query_params
    keys = ("since", "until", "card", "outcome", "reason")
    return {key: str(query.get(key) or "").strip()[:100] for key in keys}


def _asked(chosen: Mapping[str, str], clock: WallClock) -> dict[str, Json]:
    """Return the daemon's arguments; days are the door's, the last one included."""
    outcome, why = chosen["outcome"], chosen["reason"]
    since, until = midnight(chosen["since"], 0, clock), midnight(chosen["until"], 1, clock)
    if since and until and datetime.fromisoformat(since) >= datetime.fromisoformat(until):
        raise NoDayError("The last day is before the first: exchange the two.")
    return {
        "card": chosen["card"],
        "outcome": outcome if outcome in {one.value for one in Outcome} else "",
        "reason": why if why in {one.value for one in Reason} else "",
        "since": since,
        "until": until,
    }


def midnight(day: str, days_later: int, clock: WallClock) -> str:
    """Return when a day begins, some days later; empty for an empty text. Raises NoDayError."""
    if not day:
        return ""
    try:
        return clock.begin_of(date.fromisoformat(day) + timedelta(days=days_later)).isoformat()
    except (ValueError, OverflowError):
        raise NoDayError(f"{day!r} is not a day; write it as 2026-12-31.") from None
