"""The clips of the shared test data that liveness is measured on, seen frame by frame.

Not run by itself: `liveness_*.py` and `pad_*.py` use it. No gate refuses anything here, so that
each of them can say what its cue does by itself and what the gates add.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from edgeverify.evaluation.attacks.opened import PadBench, open_bench
from edgeverify.evaluation.attacks.scores import ScoredFrame, ScoredRun, score_run
from edgeverify.evaluation.frame_runs import FrameRun, find_runs
from edgeverify.settings import ModelSettings, QualitySettings, Settings
from edgeverify.vision.quality import refuse

NO_GATES = QualitySettings(
    min_eye_distance_pixels=10,
    max_yaw_degrees=90,
    max_pitch_degrees=90,
    max_roll_degrees=90,
    min_sharpness=0,
    min_brightness=0,
    max_brightness=255,
    min_contrast=0,
    min_border_pixels=-1000,
    min_eye_light=0,
    max_mouth_difference=1,
)
FIRST_PHONE_FRAME = 28
"""Before it the man himself looks into the camera of `fake.mp4`, beside his phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clips:
    """One kind of material; `rate` is frames per second, None where frames are far apart."""

    name: str
    is_live: bool
    runs: tuple[FrameRun, ...]
    rate: float | None


def kinds(testdata: Path) -> tuple[Clips, ...]:
    """Everything with a face in front of one camera for a while, and the attacks."""
    nuaa, videos = testdata / "nuaa/db", testdata / "videos"
    replay = testdata / "attacks/zubair_replay"
    found = (
        ("NUAA live", True, nuaa / "ClientRaw", None),
        ("GRID", True, videos / "grid_lipnet", 25.0),
        ("ASL", True, videos / "intel_iot/asl_gestures", 15.0),
        ("real.mov", True, replay / "real.mov", 15.0),
        ("NUAA prints", False, nuaa / "ImposterRaw", None),
        ("fake.mp4", False, replay / "fake.mp4", 15.0),
    )
    return tuple(
        Clips(name=name, is_live=is_live, runs=find_runs(path), rate=rate)
        for name, is_live, path, rate in found
    )


def arguments(about: str | None) -> argparse.ArgumentParser:
    """Give the options that all of these scripts have."""
    parser = argparse.ArgumentParser(description=(about or "").split("\n", maxsplit=1)[0])
    parser.add_argument("testdata", type=Path, help="the shared test data")
    parser.add_argument("--bundle", default="dlib-resnet", help="the embedder")
    return parser


@contextmanager
def ungated(bundle: str) -> Iterator[PadBench]:
    """Open embedder and PAD bundle from the models folder, with every gate off."""
    model = ModelSettings(bundle=bundle, threads=1)
    settings = Settings(model=model, quality=NO_GATES)
    bench = open_bench(settings, Path.cwd(), os.environ, threshold=None)
    try:
        yield bench
    finally:
        bench.close()


def seen(clips: Clips, bench: PadBench) -> list[ScoredRun]:
    """Take every frame through the stages; of `fake.mp4`, those in which only the phone is seen."""
    species = None if clips.is_live else clips.name
    scored = [
        score_run(run, species, bench.pipeline, bench.pad, bench.rules.judge.pad)
        for run in clips.runs
    ]
    if clips.name == "fake.mp4":
        return [replace(run, frames=run.frames[FIRST_PHONE_FRAME:]) for run in scored]
    return scored


def gated(run: ScoredRun, gates: QualitySettings) -> ScoredRun:
    """Let these gates refuse frames of a run that was scored without any."""
    return replace(run, frames=tuple(_gated(frame, gates) for frame in run.frames))


def _gated(frame: ScoredFrame, gates: QualitySettings) -> ScoredFrame:
    if frame.refusal is not None or frame.quality is None or frame.cues is None:
        return frame
    refusal = refuse(frame.quality, frame.cues.pose, gates)
    if refusal is None:
        return frame
    cues = replace(frame.cues, live_probability=None, embedding=None)
    return replace(frame, refusal=refusal, embedding=None, cues=cues, at_any_pose=None)
