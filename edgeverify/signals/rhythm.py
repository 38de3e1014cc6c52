"""Where a rhythm stands at a moment. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Beat:
    """On or off, and how many seconds (above 0) until that changes; None: it stays off."""

    is_on: bool
    seconds_left: float | None


OVER = Beat(is_on=False, seconds_left=None)


def beat_at(rhythm: Sequence[float], elapsed_seconds: float) -> Beat:
    """Return the beat of a rhythm (seconds on, off, on ...) so long after it began.

    Before it began and after it ended it is off. An output is never on for longer than the rhythm
    says, whatever comes between two looks.
    """
    if elapsed_seconds < 0:
        return OVER
    for number, end in enumerate(accumulate(rhythm)):
        if elapsed_seconds < end:
            return Beat(is_on=number % 2 == 0, seconds_left=end - elapsed_seconds)
    return OVER
