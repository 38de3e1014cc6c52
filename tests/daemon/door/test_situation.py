"""The evidence for the threshold in force, and whether the people in force go beyond it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeverify.claims import SOURCES, chosen
from edgeverify.daemon.door.people import People
from edgeverify.daemon.door.situation import Situation, for_camera
from edgeverify.domain import Embedding, OperatingPoint, Reference
from edgeverify.liveness import PadState, plan_liveness
from edgeverify.references.loading import LoadedReferences
from edgeverify.settings import Settings

MEASURED = OperatingPoint(threshold=0.5, max_fmr=1e-4, evidence="made up")


def situation(point: OperatingPoint, photos: int) -> Situation:
    embedding = Embedding(values=np.ones(4, np.float32), embedding_space="ab" * 32)
    ann = Reference(card="1", name="Ann", embedding=embedding, photo_count=photos)
    people = LoadedReferences(usable={"1": ann}, unusable={}, photo_digests={})
    settings = Settings()
    return Situation(
        settings=settings,
        sources=chosen(SOURCES, settings.claims),
        people=People.of("front-door", (), people),
        plan=plan_liveness(settings.liveness, PadState.ABSENT),
        point=point,
        walk_up_point=None,
        pad_threshold=0.5,
        digest="0" * 64,
    )


def test_a_transaction_before_a_grey_camera_asks_for_a_challenge() -> None:
    now = replace(situation(MEASURED, 1), plan=plan_liveness("auto", PadState.WORKING))
    assert for_camera(now, is_monochrome=False) is now
    grey = for_camera(now, is_monochrome=True)
    assert (grey.plan.passive, grey.plan.challenge) == (False, True)
    assert replace(grey, plan=now.plan).point is now.point


@pytest.mark.parametrize(
    ("point", "photos", "warns"),
    [
        (MEASURED, 1, False),
        (MEASURED, 2, True),
        (replace(MEASURED, for_photos=((2, 0.6),)), 2, False),
        (replace(MEASURED, max_fmr=None), 2, False),  # written by hand: no rate is claimed
    ],
)
def test_several_photos_without_a_threshold_of_their_own_are_warned_of(
    point: OperatingPoint, photos: int, *, warns: bool
) -> None:
    said = situation(point, photos).cautions
    assert bool(said) is warns
    if warns:
        assert "1 of the people" in said[0]


def test_people_with_pictures_of_the_doors_own_camera_are_said_with_what_stands_behind_it() -> None:
    point = replace(MEASURED, for_camera=0.6, camera_evidence="15 people; NOT supported")
    ann = situation(point, 2)
    assert len(ann.cautions) == 1  # several photos
    shot = replace(ann.people.references.usable["1"], camera_photo_count=1)
    loaded = replace(ann.people.references, usable={"1": shot})
    said = replace(ann, people=replace(ann.people, references=loaded)).cautions
    assert said[1].startswith("1 of the people has a picture of this door's own camera")
    assert "NOT supported" in said[1]


def test_thin_evidence_is_said_as_it_was_measured() -> None:
    thin = replace(MEASURED, caution="the threshold rests on 3 false matches only")
    assert situation(thin, 1).cautions == ("the threshold rests on 3 false matches only",)
