"""Real people on film: blinks and head turns, as labelled by eye in the shared test data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.domain import Face
from edgeverify.evaluation.pad_material import find_runs, timed_frames
from edgeverify.liveness.actions import Action
from edgeverify.liveness.blink import BlinkDetector
from edgeverify.liveness.planarity import Planarity
from edgeverify.liveness.posture import action_shown, ahead
from edgeverify.settings import ChallengeSettings, VisionSettings
from edgeverify.vision.detector import FaceDetector
from edgeverify.vision.mesh import FaceMesher

pytestmark = pytest.mark.slow

SETTINGS = ChallengeSettings()
TOLERANCE = 3
"""Frames."""


class Eyes:
    """Detector and mesh, the largest face."""

    def __init__(self) -> None:
        self.detector = FaceDetector(VisionSettings(), threads=1)
        self.mesher = FaceMesher(threads=1)

    def faces(self, path: Path) -> Iterator[tuple[int, float, Face]]:
        """Index, time and face of every frame that shows one."""
        for index, (at, rgb) in enumerate(timed_frames(find_runs(path)[0])):
            boxes = self.detector.detect(rgb)
            if boxes:
                face = self.mesher.mesh(rgb, max(boxes, key=lambda box: box.eye_distance))
                if face is not None:
                    yield index, at, face

    def close(self) -> None:
        self.detector.close()
        self.mesher.close()


@pytest.fixture(scope="module")
def eyes() -> Iterator[Eyes]:
    found = Eyes()
    yield found
    found.close()


def labelled(testdata: Path) -> dict[str, list[tuple[int, int]]]:
    """First and last closed frame of every blink, by clip."""
    lines = (testdata / "annotations/grid_blinks_share.tsv").read_text().splitlines()[1:]
    found: dict[str, list[tuple[int, int]]] = {}
    for line in lines:
        clip, ranges, _ = line.split("\t")
        found[clip] = [
            (int(first), int(last))
            for first, last in (r.split("-") for r in ranges.split(",") if r != "none")
        ]
    return found


@pytest.mark.parametrize("every", [1, 2], ids=["25 a second", "12.5 a second"])
def test_every_labelled_blink_is_found_and_no_other(testdata: Path, eyes: Eyes, every: int) -> None:
    for clip, expected in labelled(testdata).items():
        detector = BlinkDetector(closing_ratio=SETTINGS.blink_ratio)
        found: list[int] = []
        for index, at, face in eyes.faces(testdata / "videos/grid_lipnet" / clip):
            if index % every:
                continue
            was_open = detector.shut_since is None
            detector = detector.observe(at, face.eye_aspect_ratio)
            if was_open and detector.shut_since is not None:
                found.append(index)
        assert len(found) == len(expected), (clip, found, expected)
        for seen, (first, last) in zip(found, expected, strict=True):
            assert first - TOLERANCE <= seen <= last, (clip, found, expected)
            assert abs(seen - first) <= TOLERANCE, (clip, found, expected)


def test_no_blink_in_any_print(testdata: Path, eyes: Eyes) -> None:
    runs = find_runs(testdata / "nuaa/db/ImposterRaw")
    assert len(runs) == 55
    for run in runs:
        detector = BlinkDetector(closing_ratio=SETTINGS.blink_ratio)
        for at, rgb in timed_frames(run):
            boxes = eyes.detector.detect(rgb)
            face = eyes.mesher.mesh(rgb, boxes[0]) if boxes else None
            if face is not None:
                detector = detector.observe(at, face.eye_aspect_ratio)
            assert not detector.is_new, run.name


def test_a_head_that_turns_is_read_on_the_persons_own_side_and_is_not_flat(
    testdata: Path, eyes: Eyes
) -> None:
    faces = list(eyes.faces(testdata / "attacks/zubair_replay/real.mov"))
    zero = ahead([face.pose for _, _, face in faces[:5]])
    shown: dict[Action, list[int]] = {}
    plane = Planarity()
    for index, _, face in faces:
        plane = plane.observe(face.mesh)
        action = action_shown(face.pose, zero, SETTINGS)
        if action is not None:
            shown.setdefault(action, []).append(index)

    # Labels: 98 to 130 towards image left, the person's own right; 142 to 174 the other way.
    assert set(shown) == {Action.TURN_RIGHT, Action.TURN_LEFT}, shown
    assert 93 <= min(shown[Action.TURN_RIGHT]) <= max(shown[Action.TURN_RIGHT]) <= 135
    assert 131 <= min(shown[Action.TURN_LEFT]) <= max(shown[Action.TURN_LEFT]) <= 179
    assert not plane.is_flat
