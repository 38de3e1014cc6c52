"""BPCER by pose: how often a live face is taken for an attack, by how far the head is turned.

Counted over every frame whose face has a size that PAD judges, however the head is turned, so
that the limits of `pad.max_yaw_degrees` and its sisters can be set from it (pure).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from edgeverify.domain import HeadPose
from edgeverify.evaluation.attacks.rates import Share
from edgeverify.evaluation.attacks.scores import ScoredRun

EDGES = (0.0, 5.0, 10.0, 15.0, 20.0, 30.0, 90.0)
"""Degrees; the last holds everything beyond 30."""

ANGLES: tuple[tuple[str, Callable[[HeadPose], float]], ...] = (
    ("yaw", lambda pose: pose.yaw_degrees),
    ("pitch", lambda pose: pose.pitch_degrees),
    ("roll", lambda pose: pose.roll_degrees),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseRates:
    """Bona fide frames below the threshold, among those turned by `low` to `high` degrees.

    `angle` is yaw, pitch or roll; either side of straight ahead counts.
    """

    angle: str
    low: float
    high: float
    share: Share


def bpcer_by_pose(scored: Sequence[ScoredRun], threshold: float) -> tuple[PoseRates, ...]:
    """Count bona fide frames by each angle; a bin without frames is left out."""
    seen = [
        (frame.cues.pose, frame.at_any_pose)
        for run in scored
        if run.species is None
        for frame in run.frames
        if frame.cues is not None and frame.at_any_pose is not None
    ]
    found = []
    for angle, read in ANGLES:
        for low, high in pairwise(EDGES):
            inside = [live for pose, live in seen if low <= abs(read(pose)) < high]
            if inside:
                errors = sum(not live >= threshold for live in inside)
                share = Share(errors=errors, count=len(inside))
                found.append(PoseRates(angle=angle, low=low, high=high, share=share))
    return tuple(found)


def pose_lines(rates: Sequence[PoseRates]) -> list[str]:
    """Put the rates as text, one line per angle."""
    if not rates:
        return []
    lines = [
        "",
        "BPCER by pose, per frame, judged by the door or not (errors/frames, by degrees):",
    ]
    for angle, _ in ANGLES:
        mine = [one for one in rates if one.angle == angle]
        shown = (
            f"{one.low:g}-{one.high:g}: {one.share.errors}/{one.share.count} {one.share.rate:.1%}"
            for one in mine
        )
        lines.append(f"  {angle:<6}{'   '.join(shown)}")
    return lines
