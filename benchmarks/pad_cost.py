"""Measure what passive PAD adds to a frame: wall and CPU milliseconds, one face of 200 pixels.

Usage: python benchmarks/pad_cost.py [MODELS]
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np

from edgeverify.domain import FaceBox
from edgeverify.models.folders import models_directory
from edgeverify.runtime.bundle import load_pad_bundle
from edgeverify.runtime.open_session import open_pad_sessions
from edgeverify.settings import ModelSettings, PadSettings
from edgeverify.vision.pad import PadModel

ROUNDS = 300
BOX = FaceBox(
    left=540,
    top=240,
    right=740,
    bottom=440,
    confidence=0.9,
    right_eye=(590, 310),
    left_eye=(690, 310),
)


def main(models: Path) -> None:
    """Print one line a number of threads."""
    rgb = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), dtype=np.uint8)
    bundle = load_pad_bundle(models / "minifasnet")
    for threads in (1, 2):
        sessions = open_pad_sessions(bundle, ModelSettings(threads=threads)).sessions
        pad = PadModel(bundle, sessions, PadSettings())
        wall, cpu = [], []
        for _ in range(ROUNDS):
            began, used = time.perf_counter(), time.process_time()
            pad.live_probability(rgb, BOX)
            wall.append(1000 * (time.perf_counter() - began))
            cpu.append(1000 * (time.process_time() - used))
        low, middle, high = np.percentile(wall, [5, 50, 95])
        print(
            f"{threads} thread(s): wall p5 {low:.1f} median {middle:.1f} p95 {high:.1f} ms, "
            f"CPU median {np.median(cpu):.1f} ms"
        )
        pad.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else models_directory(os.environ))
