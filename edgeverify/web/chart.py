"""A decision's scores over time, as the numbers of a small drawing (SVG)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
