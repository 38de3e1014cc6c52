"""Real people on film: blinks and head turns, as labelled by eye in the shared test data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.domain import Comparison, Face, Liveness, LivenessCues, Observation
from edgeverify.evaluation.frame_runs import find_runs, timed_frames
from edgeverify.liveness.actions import Action, Draw
from edgeverify.liveness.blink import BlinkDetector
from edgeverify.liveness.challenge import Challenge
from edgeverify.liveness.continuity import Continuity
from edgeverify.liveness.planarity import Planarity
from edgeverify.liveness.posture import action_shown, ahead
from edgeverify.settings import ChallengeSettings
from tests.faces import face_finder
from tests.liveness.films import ALL_DRAWS

pytestmark = pytest.mark.slow

SETTINGS = ChallengeSettings()
TOLERANCE = 3
"""Frames."""


class Eyes:
    """Detector and mesh, the largest face."""

    def __init__(self) -> None:
        self.finder = face_finder()
        self.detector, self.mesher = self.finder.detector, self.finder.mesher

    def faces(self, path: Path) -> Iterator[tuple[int, float, Face]]:
        """Index, time and face of every frame that shows one."""
        for index, (at, rgb) in enumerate(timed_frames(find_runs(path)[0])):
            boxes = self.detector.detect(rgb)
            if boxes:
                face = self.mesher.mesh(rgb, max(boxes, key=lambda box: box.eye_distance))
                if face is not None:
                    yield index, at, face

    def close(self) -> None:
        self.finder.close()


@pytest.fixture(scope="module")
def eyes() -> Iterator[Eyes]:
    found = Eyes()
    yield found
    found.close()


def shown_at(at: float, face: Face) -> Observation:
    """A frame of somebody who is let in anyway: what follows a face wants one."""
    cues = LivenessCues(pose=face.pose, eye_aspect_ratio=face.eye_aspect_ratio, mesh=face.mesh)
    match = Comparison(card="0042", score=0.9, threshold=0.5)
    return Observation(frame_sequence=0, at=at, comparison=match, cues=cues)


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
        still = Continuity()
        for index, at, face in eyes.faces(testdata / "videos/grid_lipnet" / clip):
            if index % every:
                continue
            was_open = detector.shut_since is None
            still = still.observe(shown_at(at, face))
            detector = detector.observe(at, face.eye_aspect_ratio, speed=still.speed)
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
        detector, still = BlinkDetector(closing_ratio=SETTINGS.blink_ratio), Continuity()
        for at, rgb in timed_frames(run):
            boxes = eyes.detector.detect(rgb)
            face = eyes.mesher.mesh(rgb, boxes[0]) if boxes else None
            if face is not None:
                still = still.observe(shown_at(at, face))
                detector = detector.observe(at, face.eye_aspect_ratio, speed=still.speed)
            assert not detector.is_new, run.name


def test_a_head_that_turns_is_read_on_the_persons_own_side_and_is_not_flat(
    testdata: Path, eyes: Eyes
) -> None:
    faces = list(eyes.faces(testdata / "attacks/zubair_replay/real.mov"))
    zero = ahead([face.pose for _, _, face in faces[:5]])
    shown: dict[Action, list[int]] = {}
    plane = Planarity()
    for index, _, face in faces:
        plane = plane.observe(face.mesh, face.pose)
        action = action_shown(face.pose, zero, SETTINGS)
        if action is not None:
            shown.setdefault(action, []).append(index)

    # Labels: 98 to 130 towards image left, the person's own right; 142 to 174 the other way.
    assert set(shown) == {Action.TURN_RIGHT, Action.TURN_LEFT}, shown
    assert 93 <= min(shown[Action.TURN_RIGHT]) <= max(shown[Action.TURN_RIGHT]) <= 135
    assert 131 <= min(shown[Action.TURN_LEFT]) <= max(shown[Action.TURN_LEFT]) <= 179
    assert not plane.is_flat


AHEAD = [*range(91, 97), *range(95, 91, -1)]
TURNS = {
    Action.TURN_RIGHT: [*range(96, 105), *range(103, 95, -1)],
    Action.TURN_LEFT: [*range(134, 139), *range(137, 133, -1)],
}
"""Frames of `real.mov` in which the man turns a little, and the same backwards."""


def test_a_real_head_that_turns_as_asked_passes_and_any_other_way_fails(
    testdata: Path, eyes: Eyes
) -> None:
    """Cut from `real.mov`, where the man turns to profile by himself, which nobody asks for."""
    path = testdata / "attacks/zubair_replay/real.mov"
    faces = {index: face for index, _, face in eyes.faces(path)}
    right_left_right = (Action.TURN_RIGHT, Action.TURN_LEFT, Action.TURN_RIGHT)
    for draw in ALL_DRAWS:
        film = iter(played(faces, right_left_right))
        state = Challenge(
            settings=SETTINGS,
            draws=(Draw(draw, (0.5, 0.5, 0.5)),),
            zero=ahead([faces[index].pose for index in AHEAD]),
            since=0.0,
            blink=BlinkDetector(closing_ratio=SETTINGS.blink_ratio),
        )
        for frame in film:
            state = state.observe(frame)
        expected = Liveness.PASSED if draw == right_left_right else Liveness.CHALLENGE_FAILED
        assert state.verdict is expected, (draw, state)


def played(faces: dict[int, Face], actions: tuple[Action, ...]) -> list[Observation]:
    """Look ahead for a second and do this, again and again, at the film's 15 frames per second."""
    indices = [index for action in actions for index in (*AHEAD, *AHEAD[:5], *TURNS[action])]
    # Nothing more for longer than a step may take: whoever was asked for something else fails.
    indices += AHEAD * 8
    seen = []
    for count, index in enumerate(indices):
        face = faces[index]
        cues = LivenessCues(pose=face.pose, eye_aspect_ratio=face.eye_aspect_ratio, mesh=face.mesh)
        match = Comparison(card="0042", score=0.9, threshold=0.5)
        at = (count + 1) / 15
        seen.append(Observation(frame_sequence=count, at=at, comparison=match, cues=cues))
    return seen
