"""Measure what liveness adds to a frame: passive PAD, and the challenge with the cheap cues.

One face of 200 pixels in a frame of 1280 x 720. On an idle machine wall and CPU time of one thread
are the same; their ratio says how far the machine was busy with something else.
Usage: python -m benchmarks.pad_cost [--models FOLDER]
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edgeverify.bundle.loading import load_pad_bundle
from edgeverify.domain import FaceBox
from edgeverify.feeding.pad_crop import crop_around_box
from edgeverify.liveness import Judge, JudgeRules, LivenessPlan
from edgeverify.models.folders import models_directory
from edgeverify.runtime.open_session import open_pad_sessions
from edgeverify.settings import ChallengeSettings, ModelSettings, PadSettings
from edgeverify.vision.pad import PadModel
from tests.liveness.actors import Actor

ROUNDS = 300
WARM_UP = 20
GOAL_MILLISECONDS = 8.0
BOX = FaceBox(
    left=540,
    top=240,
    right=740,
    bottom=440,
    confidence=0.9,
    right_eye=(590, 310),
    left_eye=(690, 310),
)


def measure(name: str, work: Callable[[], object]) -> float:
    """Print wall and CPU milliseconds of one call, and their ratio; give the median wall."""
    wall, cpu = [], []
    for _ in range(WARM_UP + ROUNDS):
        began, used = time.perf_counter(), time.process_time()
        work()
        wall.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.process_time() - used))
    low, middle, high = np.percentile(wall[WARM_UP:], [5, 50, 95])
    busy = float(np.median(cpu[WARM_UP:]))
    print(
        f"{name}: wall best {min(wall):.2f} p5 {low:.2f} median {middle:.2f} p95 {high:.2f} ms, "
        f"CPU median {busy:.2f} ms, wall / CPU {middle / max(busy, 1e-9):.2f}"
    )
    return float(middle)


def passive(models: Path) -> None:
    """Print one line a number of threads, and what of it is cutting the crops."""
    rgb = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), dtype=np.uint8)
    bundle = load_pad_bundle(models / "minifasnet")
    size = bundle.manifest.feeding.size
    for threads in (1, 2):
        sessions = open_pad_sessions(bundle, ModelSettings(threads=threads)).sessions
        pad = PadModel(bundle, sessions, PadSettings(), side_by_side=threads > 1)
        middle = measure(
            f"passive PAD, {threads} thread(s)", lambda pad=pad: pad.at_any_pose(rgb, BOX)
        )
        print(f"  {middle / GOAL_MILLISECONDS:.0%} of the goal of {GOAL_MILLISECONDS:g} ms")
        pad.close()

    def crops() -> None:
        for network in bundle.manifest.networks:
            crop_around_box(
                rgb,
                left=BOX.left,
                top=BOX.top,
                width=BOX.width,
                height=BOX.bottom - BOX.top,
                crop_scale=network.crop_scale,
                size=size,
            )

    measure("  of which the crops", crops)


def challenge() -> None:
    """Print what the judge itself takes: challenge, flatness and stillness, no network."""
    rules = JudgeRules(
        plan=LivenessPlan(passive=False, challenge=True),
        pad=PadSettings(),
        pad_threshold=0.5,
        # So that it is still asking when the last frame comes.
        challenge=ChallengeSettings(step_seconds=30.0),
        required_matches=3,
    )
    actor = Actor()
    judge = Judge(rules, claim_id="c", since=actor.at, source=random.Random(1))  # noqa: S311
    frames = iter([actor.looks() for _ in range(WARM_UP + ROUNDS)])
    measure("challenge and cheap cues", lambda: judge.observe(next(frames)))


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description="What liveness adds to a frame.")
    parser.add_argument("--models", type=Path, default=models_directory(os.environ))
    given = parser.parse_args()
    passive(given.models)
    challenge()


if __name__ == "__main__":
    main()
