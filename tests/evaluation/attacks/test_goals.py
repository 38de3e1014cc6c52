"""The goals for liveness on the shared data, frame by frame through detector and PAD bundle.

No gate and no comparison stands in the way of an attack here; the whole door is measured by
`edgeverify evaluate-pad` (docs/liveness.md).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeverify.bundle.loading import load_pad_bundle
from edgeverify.domain import HeadPose, Liveness, LivenessCues, Refusal, RgbImage
from edgeverify.evaluation.attacks.rates import PadRule, rates_of
from edgeverify.evaluation.attacks.scores import ScoredFrame, ScoredRun
from edgeverify.evaluation.frame_runs import FrameRun, find_runs, timed_frames
from edgeverify.liveness.passive import PadFusion
from edgeverify.models.build import fetch_bundle
from edgeverify.runtime.open_session import open_pad_sessions
from edgeverify.settings import ModelSettings, PadSettings
from edgeverify.vision.dominance import dominant
from edgeverify.vision.pad import PadModel
from tests.conftest import ROOT
from tests.faces import face_finder

pytestmark = pytest.mark.slow

LISTED = ROOT / "docs/liveness-windows.tsv"


class Door:
    """Detector and PAD bundle at the bundle's own operating point."""

    def __init__(self, models: Path) -> None:
        bundle = load_pad_bundle(models / "minifasnet")
        points = bundle.operating_points
        assert points is not None
        self.rule = PadRule(threshold=points.points[0].threshold, min_frames=3, window=5)
        sessions = open_pad_sessions(bundle, ModelSettings(threads=1)).sessions
        self.pad = PadModel(bundle, sessions, PadSettings())
        self.detector = face_finder().detector

    def scored(self, run: FrameRun, species: str | None, *, first: int = 0) -> ScoredRun:
        """P(live) of every frame from `first` on whose face dominates."""
        frames = [self._frame(at, rgb) for at, rgb in list(timed_frames(run))[first:]]
        return ScoredRun(run=run, species=species, frames=tuple(frames))

    def _frame(self, at: float, rgb: RgbImage) -> ScoredFrame:
        boxes = self.detector.detect(rgb)
        box = dominant(boxes, 1.5) if boxes else None
        found = None
        if box is not None and not isinstance(box, Refusal):
            found = self.pad.at_any_pose(rgb, box)
        return judged(at, found)

    def close(self) -> None:
        self.detector.close()
        self.pad.close()


def judged(at: float, live: float | None) -> ScoredFrame:
    """A frame of which nothing but P(live) is known."""
    cues = LivenessCues(
        pose=HeadPose(yaw_degrees=0, pitch_degrees=0, roll_degrees=0),
        eye_aspect_ratio=0.3,
        mesh=np.zeros((468, 3), np.float32),
        live_probability=live,
    )
    return ScoredFrame(at=at, refusal=None, embedding=None, cues=cues)


@pytest.fixture(scope="module")
def door(trained_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    models = tmp_path_factory.mktemp("models")
    fetch_bundle("minifasnet", models, source=trained_models)
    found = Door(models)
    yield found
    found.close()


def test_none_of_the_55_print_runs_is_taken_for_live(testdata: Path, door: Door) -> None:
    runs = find_runs(testdata / "nuaa/db/ImposterRaw")

    rates = rates_of("print", [door.scored(run, "print") for run in runs], door.rule)

    assert (rates.per_run.errors, rates.per_run.count) == (0, 55)
    assert rates.per_run.upper_95 is not None
    assert rates.per_run.upper_95 <= 0.055


def test_at_most_one_in_twenty_of_the_listed_live_windows_is_refused(
    testdata: Path, door: Door
) -> None:
    with LISTED.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    # Of NUAA; GRID and `real.mov` are listed as well.
    listed = {(row["run"], int(row["first_frame"])) for row in rows if "/" in row["run"]}
    runs = find_runs(testdata / "nuaa/db/ClientRaw")

    rates = rates_of(None, [door.scored(run, None) for run in runs], door.rule)

    assert len(listed) == rates.per_window.count == 96
    assert {(window.run, window.first_frame) for window in rates.refused_windows} <= listed
    assert rates.per_window.errors <= 0.05 * 96


def test_the_phone_is_refused_in_every_window_and_the_man_is_not(
    testdata: Path, door: Door
) -> None:
    """In frames 0 to 27 of the replay the man himself looks into the camera beside his phone."""
    folder = testdata / "attacks/zubair_replay"
    (fake,), (real,) = find_runs(folder / "fake.mp4"), find_runs(folder / "real.mov")

    phone = rates_of("phone", [door.scored(fake, "phone", first=28)], door.rule)
    man = rates_of(None, [door.scored(real, None)], door.rule)

    assert phone.per_window.count >= 40
    assert phone.per_window.errors == 0
    assert man.per_window.errors <= 0.1 * man.per_window.count


def test_the_fusion_is_the_doors_own() -> None:
    fusion = PadFusion(threshold=0.5, min_frames=3)
    for value in (0.6, 0.6, 0.6):
        fusion = fusion.observe(value)
    frames = [judged(n / 5, 0.6) for n in range(3)]

    rule = PadRule(threshold=0.5, min_frames=3, window=5)
    assert rule.verdict(frames) is fusion.verdict is Liveness.PASSED
