"""One journal entry in words: what each frame said, and what came of it (pure)."""

from __future__ import annotations

from edgeverify.domain import Outcome
from edgeverify.journal.entry import FrameRecord
from edgeverify.journal.reading import DecisionRow


def report_lines(row: DecisionRow) -> tuple[str, ...]:
    """Return the whole entry with one line per frame; no image, name or embedding is in it."""
    return (*_head(row), "", *_frames(row), "", verdict(row))


def verdict(row: DecisionRow) -> str:
    """Return the decision in one line."""
    counted = f"{row.matches} of {row.comparisons} comparisons matched"
    outcome = row.outcome.value if row.outcome is Outcome.GRANT else f"deny ({row.reason.value})"
    return f"{outcome} after {row.duration_seconds:.2f} s: {counted}"


def describe_frame(frame: FrameRecord) -> str:
    """Return what one frame contributed: a gate's refusal with its figures, or a comparison."""
    if frame.gate:
        if frame.measured is None or frame.limit is None:
            return frame.gate
        return f"{frame.gate} ({frame.measured:.1f}, limit {frame.limit:g})"
    if frame.score is None:
        return "no score"
    kind = "match" if frame.is_match else "non-match"
    threshold = "" if frame.threshold is None else f" (threshold {frame.threshold:.3f})"
    return f"score {frame.score:.3f}{threshold} {kind}"


def liveness_figures(frame: FrameRecord) -> str:
    """Return what a frame showed of liveness and pose; empty where nothing was read."""
    parts = []
    if frame.live_probability is not None:
        parts.append(f"live {frame.live_probability:.2f}")
    if frame.eye_aspect_ratio is not None:
        parts.append(f"eyes {frame.eye_aspect_ratio:.2f}")
    if frame.yaw_degrees is not None and frame.pitch_degrees is not None:
        parts.append(f"yaw {frame.yaw_degrees:+.0f} pitch {frame.pitch_degrees:+.0f}")
    return ", ".join(parts)


def _head(row: DecisionRow) -> tuple[str, ...]:
    delivered = "delivered" if row.is_delivered else "not delivered yet"
    lines = [
        f"event     {row.event_id} (number {row.sequence}, {delivered})",
        f"issued    {row.issued_at:%Y-%m-%d %H:%M:%S} UTC",
        f"claim     {row.claim_id} by {row.source}, card {row.card or '(none: walk-up)'}",
    ]
    if row.opened_by:
        lines.append(f"opened by {row.opened_by}: a grant says that the face matched, no more")
    if row.score is not None and row.threshold is not None:
        lines.append(f"score     {row.score:.4f} against threshold {row.threshold:.4f}")
    lines.extend(f"{name:<9} {_value(value)}" for name, value in row.details.items())
    return tuple(lines)


def _frames(row: DecisionRow) -> tuple[str, ...]:
    if not row.frames:
        return ("no frame was looked at",)
    return tuple(
        f"{frame.offset_seconds:+7.2f} s  {describe_frame(frame):<46}  "
        f"{liveness_figures(frame)}".rstrip()
        for frame in row.frames
    )


def _value(value: str | float | bool | None) -> str:  # noqa: FBT001 - journal details are of any kind
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)
