"""The demo's programme is what the README promises, and its films are what they say."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

import numpy as np

from edgeverify.demo.film import HEIGHT, WIDTH, Actor, frames, wall
from edgeverify.demo.scenes import SCENES
from edgeverify.domain import Outcome, Reason

ROOT = Path(__file__).resolve().parents[2]


def test_a_grant_and_at_least_four_different_denials() -> None:
    denials = {scene.expected[0] for scene in SCENES if scene.outcome is Outcome.DENY}
    assert any(scene.outcome is Outcome.GRANT for scene in SCENES)
    assert {
        Reason.NON_MATCH,
        Reason.UNKNOWN_REFERENCE,
        Reason.NO_FACE,
        Reason.MULTIPLE_FACES,
    } <= denials


def test_the_readme_lists_every_denial_of_the_demo() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = set(re.findall(r"`([a-z_]+)`", readme))
    for scene in SCENES:
        if scene.outcome is Outcome.DENY:
            assert {reason.value for reason in scene.expected} <= table


def test_liveness_is_off_only_where_a_photograph_plays_a_person() -> None:
    on = [scene for scene in SCENES if scene.liveness != "off"]
    assert len(on) == 1
    assert on[0].outcome is Outcome.DENY


def test_the_empty_room_has_light_and_structure_but_is_not_black_or_covered() -> None:
    room = wall()
    assert room.shape == (HEIGHT, WIDTH, 3)
    assert 60 < room.mean() < 200
    assert room.std() > 6


def test_somebody_who_walks_up_grows_and_moves() -> None:
    photo = np.zeros((200, 160, 3), dtype=np.uint8)
    photo[60:140, 40:120] = 255
    actor = Actor(photo=photo, eye_distance=40.0, face_centre=(80.0, 100.0))
    film = list(islice(frames((actor,), np.random.default_rng(1)), 46))
    bright = [int((frame > 200).all(axis=2).sum()) for frame in (film[0], film[45])]
    assert bright[1] > 1.5 * bright[0] > 0
    again = next(frames((actor,), np.random.default_rng(1)))
    assert np.array_equal(again, film[0])
