"""The picture of `edgeverify report`: scores, gates, liveness and the decision over time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from edgeverify.domain import Outcome
from edgeverify.evaluation.transactions.journal_report import verdict
from edgeverify.journal.entry import FrameRecord
from edgeverify.journal.reading import DecisionRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GREEN, RED, GREY = "#2a8c45", "#b3362b", "#777777"


def draw_report(row: DecisionRow) -> bytes:
    """Return a PNG with one time axis, seconds from the claim; it shows no picture of anybody."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy

    gates = sorted({frame.gate for frame in row.frames if frame.gate})
    heights = (3.2, 0.6 + 0.3 * len(gates), 1.6)
    figure = Figure(figsize=(9.5, 2.2 + sum(heights)), layout="constrained")
    scores, lanes, live = figure.subplots(3, 1, sharex=True, height_ratios=heights)
    _scores(scores, row)
    _gates(lanes, row, gates)
    _liveness(live, row.frames)
    colour = GREEN if row.outcome is Outcome.GRANT else RED
    for axes in (scores, lanes, live):
        axes.axvline(row.duration_seconds, color=colour, linewidth=2)
        axes.grid(visible=True, alpha=0.3)
    live.set_xlabel("seconds from the claim (coloured line: the decision)")
    first = min([0.0, *(frame.offset_seconds for frame in row.frames)])
    last = max([row.duration_seconds, *(frame.offset_seconds for frame in row.frames)])
    margin = 0.03 * max(last - first, 0.1)
    live.set_xlim(first - margin, last + margin)
    figure.suptitle(
        f"{verdict(row)}\ncard {row.card or '(walk-up)'}, {row.issued_at:%Y-%m-%d %H:%M:%S} UTC, "
        f"event {row.event_id}",
        fontsize=11,
        color=colour,
        parse_math=False,
    )
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=100)
    return target.getvalue()


def _scores(axes: Axes, row: DecisionRow) -> None:
    compared = [frame for frame in row.frames if frame.score is not None and not frame.gate]
    kinds = (
        ("match", "o", GREEN, [f for f in compared if f.is_match]),
        ("non-match", "x", RED, [f for f in compared if not f.is_match]),
    )
    for name, marker, colour, frames in kinds:
        if frames:
            at = [frame.offset_seconds for frame in frames]
            values = [frame.score for frame in frames if frame.score is not None]
            axes.scatter(at, values, marker=marker, color=colour, label=name, zorder=3)
    threshold = row.threshold
    if threshold is None:
        threshold = next((f.threshold for f in compared if f.threshold is not None), None)
    if threshold is not None:
        axes.axhline(threshold, color="black", linestyle="--", label=f"threshold {threshold:.3f}")
    axes.set_ylabel("score")
    if compared or threshold is not None:
        axes.legend(fontsize=8, loc="best")
    if not compared:
        _say(axes, "no frame was compared")


def _gates(axes: Axes, row: DecisionRow, gates: list[str]) -> None:
    for lane, gate in enumerate(gates):
        at = [frame.offset_seconds for frame in row.frames if frame.gate == gate]
        axes.scatter(at, [lane] * len(at), marker="s", s=18, color=RED)
    axes.set_yticks(range(len(gates)), gates)
    axes.set_ylim(-0.6, max(len(gates), 1) - 0.4)
    axes.set_ylabel("refused by")
    if not gates:
        _say(axes, "no gate refused" if row.frames else "no frame was looked at")


def _liveness(axes: Axes, frames: tuple[FrameRecord, ...]) -> None:
    live = [f for f in frames if f.live_probability is not None]
    eyes = [f for f in frames if f.eye_aspect_ratio is not None]
    if eyes:
        at = [f.offset_seconds for f in eyes]
        openness = [f.eye_aspect_ratio for f in eyes if f.eye_aspect_ratio is not None]
        axes.plot(at, openness, ".-", color=GREY, linewidth=1, label="eyes open (ratio)")
    if live:
        at = [f.offset_seconds for f in live]
        values = [f.live_probability for f in live if f.live_probability is not None]
        axes.plot(at, values, "o-", color="#2b5fb3", label="P(live)")
    axes.set_ylim(-0.05, 1.05)
    axes.set_ylabel("liveness")
    if live or eyes:
        axes.legend(fontsize=8, loc="best")
    else:
        _say(axes, "nothing was read")


def _say(axes: Axes, text: str) -> None:
    axes.text(0.5, 0.5, text, ha="center", va="center", color=GREY, transform=axes.transAxes)
