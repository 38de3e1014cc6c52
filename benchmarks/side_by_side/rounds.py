"""Frames shown to everybody in turn, so that all meet the same load."""

from __future__ import annotations

import itertools
import os
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from benchmarks.side_by_side.contestants import HAAR, Lap
from benchmarks.side_by_side.report import Result
from edgeverify.evaluation.speed.scenes import Scene

Laps = dict[tuple[int, str], list[tuple[float, float]]]
"""By scene and contestant."""

RIVAL = "face_recognition"
SLOW = {RIVAL, HAAR}
BURST, SLOW_BURST = 5, 2
"""Frames in a row for one contestant, as a camera gives them. The first of them is not counted:
it finds the processor's caches full of another's network."""


def run_rounds(
    looked_at: Sequence[Scene], contestants: dict[str, Lap], rounds: int, rival_rounds: int
) -> Laps:
    """Show every scene to everybody, burst by burst; to the slow in the first rounds only."""
    laps: Laps = defaultdict(list)
    for turn in range(max(rounds, rival_rounds)):
        for (number, scene), (name, lap) in itertools.product(
            enumerate(looked_at), contestants.items()
        ):
            if turn >= (rival_rounds if name in SLOW else rounds):
                continue
            burst = SLOW_BURST if name in SLOW else BURST
            for step in range(burst):
                taken = lap(scene.frames[(turn * burst + step) % len(scene.frames)])
                if taken is not None and step > 0:
                    laps[number, name].append(taken)
        print(f"round {turn + 1}, load {os.getloadavg()[0]:.1f}", flush=True)
    return laps


def results_of(looked_at: Sequence[Scene], laps: Laps) -> list[Result]:
    """Make rows with their ratio to face_recognition on the same scene."""
    rows = []
    for (number, name), values in laps.items():
        clock, cpu = np.array(values).T
        rival = np.array(laps.get((number, RIVAL), []))
        is_compared = bool(len(rival)) and name not in {RIVAL, HAAR}
        ratios = np.median(rival, axis=0) / np.median(values, axis=0) if is_compared else None
        rows.append(
            Result(
                scene=looked_at[number].faces,
                size=looked_at[number].size,
                contestant=name,
                frames=len(values),
                p50=round(float(np.percentile(clock, 50)), 2),
                p95=round(float(np.percentile(clock, 95)), 2),
                fastest=round(float(clock.min()), 2),
                cpu=round(float(np.median(cpu)), 2),
                ratio=None if ratios is None else round(float(ratios[0]), 1),
                cpu_ratio=None if ratios is None else round(float(ratios[1]), 1),
            )
        )
    return sorted(rows, key=lambda row: (row.scene, row.size, row.p50))
