"""How fast this machine is, so that the demo waits long enough on a slow one."""

from __future__ import annotations

import math
import statistics
import time

from edgeverify.domain import RgbImage
from edgeverify.settings import DecisionSettings
from edgeverify.verifier.pipeline import Pipeline

LOOKS = 3
FRAMES_NEEDED = 12
"""Of a walk-up film: some while the face is still far away, then enough to compare and match."""


def seconds_a_frame(pipeline: Pipeline, frame: RgbImage) -> float:
    """Measure how long one frame with a face takes, in seconds: the median of a few."""
    taken = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        pipeline.probe(frame)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def timeout_seconds(per_frame: float) -> float:
    """Return how long a door waits for a face here: as shipped, or longer on a slow machine."""
    usual = DecisionSettings().timeout_seconds
    return min(60.0, max(usual, float(math.ceil(FRAMES_NEEDED * per_frame))))
