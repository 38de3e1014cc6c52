"""Before a claim: everything is looked for twice a second, and somebody seen is followed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from edgeverify.daemon.door.idle import Lookout
from edgeverify.domain import Face, FaceBox, Frame, HeadPose

ENOUGH = 60.0
AHEAD = HeadPose(yaw_degrees=0, pitch_degrees=0, roll_degrees=0)


def box(eyes: float) -> FaceBox:
    return FaceBox(
        left=0,
        top=0,
        right=4 * eyes,
        bottom=4 * eyes,
        confidence=0.9,
        right_eye=(eyes, eyes),
        left_eye=(2 * eyes, eyes),
    )


def face(eyes: float) -> Face:
    mesh = np.zeros((468, 3), np.float32)
    return Face(
        box=box(eyes), mesh=mesh, pose=AHEAD, eye_distance_pixels=eyes, eye_aspect_ratio=0.3
    )


@dataclass
class Film:
    """Pixels between the eyes of whoever is there, by frame; 0 for nobody. Keeps what was done."""

    eyes: list[float]
    follows: bool = True
    done: list[str] = field(default_factory=list)

    def look(self, frame: Frame, *, twice: bool) -> tuple[FaceBox, ...]:
        self.done.append("looked twice" if twice else "looked once")
        here = self.eyes[frame.sequence]
        return (box(here),) if here else ()

    def pick_up(self, _frame: Frame, box: FaceBox) -> Face | None:
        self.done.append("picked up")
        return face(box.eye_distance)

    def follow(self, frame: Frame, _previous: Face) -> Face | None:
        self.done.append("followed")
        here = self.eyes[frame.sequence]
        return face(here) if here and self.follows else None

    def watched(self, lookout: Lookout, *, per_second: float = 15) -> list[bool]:
        picture = np.zeros((4, 4, 3), np.uint8)
        return [
            lookout.sees_somebody(
                Frame(rgb=picture, sequence=index, captured_at=100 + index / per_second),
                self,
                eye_distance=ENOUGH,
            )
            for index in range(len(self.eyes))
        ]


def test_in_an_empty_room_the_second_look_comes_twice_a_second() -> None:
    film = Film([0] * 15)
    assert film.watched(Lookout()) == [False] * 15
    assert film.done.count("looked twice") == 2
    assert film.done.count("looked once") == 13


def test_somebody_who_walks_up_is_followed_and_claims_on_a_detected_frame() -> None:
    film = Film([30, 35, 40, 50, 62])
    assert film.watched(Lookout()) == [False, False, False, False, True]
    assert film.done == [
        "looked twice",
        "picked up",
        "followed",
        "followed",
        "followed",
        "followed",  # large enough now: so this frame is looked at as a whole
        "looked once",
    ]


def test_whoever_is_followed_does_not_hide_another_for_longer_than_half_a_second() -> None:
    film = Film([30] * 9)
    film.watched(Lookout())
    assert film.done.count("looked twice") == 2  # frames 0 and 8 of 15 a second


def test_a_face_that_was_lost_is_looked_for_at_once() -> None:
    film = Film([30, 30], follows=False)
    film.watched(Lookout())
    assert film.done == ["looked twice", "picked up", "followed", "looked once", "picked up"]


def test_a_slow_camera_is_looked_at_as_a_whole_in_every_frame() -> None:
    film = Film([30, 30, 30])
    film.watched(Lookout(), per_second=1)
    assert film.done == ["looked twice", "picked up"] * 3


def test_after_an_attempt_and_on_another_clock_everything_is_looked_for() -> None:
    film = Film([30])
    lookout = Lookout()
    film.watched(lookout)
    lookout.forget()
    film.watched(lookout)
    assert film.done == ["looked twice", "picked up"] * 2
    early = Frame(rgb=np.zeros((4, 4, 3), np.uint8), sequence=0, captured_at=1.0)
    lookout.sees_somebody(early, film, eye_distance=ENOUGH)
    assert film.done[-2:] == ["looked twice", "picked up"]
