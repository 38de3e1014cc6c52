"""Which cards a probe that was let in is held against: those of other people, and no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import cast

import numpy as np

from edgeverify.daemon.door.others import Others
from edgeverify.daemon.door.people import People
from edgeverify.daemon.door.situation import Situation
from edgeverify.domain import Embedding, Reference
from edgeverify.journal import Journal
from edgeverify.journal.impostors import OtherScores
from edgeverify.references.loading import LoadedReferences
from edgeverify.settings import StaffEntry
from tests.daemon.door.test_situation import MEASURED, situation
from tests.doors import NOON


class _Counting:
    """Takes the place of the journal's one call."""

    def __init__(self) -> None:
        self.counted: list[OtherScores] = []

    def count_others(self, seen: OtherScores, *, at: datetime) -> None:
        assert at == NOON
        self.counted.append(seen)


FACE = Embedding(values=np.full(4, 0.5, np.float32), embedding_space="ab" * 32)


def _door(*people: tuple[str, str, str]) -> Situation:
    """People as (card, name, the photo's digest), all of one face."""
    usable = {
        card: Reference(card=card, name=name, embedding=FACE, photo_count=1)
        for card, name, _ in people
    }
    digests = {card: frozenset({digest}) for card, _, digest in people}
    staff = tuple(StaffEntry(card=card, name=name, photos=("x.jpg",)) for card, name, _ in people)
    loaded = LoadedReferences(usable=usable, unusable={}, photo_digests=digests)
    return replace(situation(MEASURED, 1), people=People.of("front-door", staff, loaded))


def _counted(door: Situation) -> OtherScores:
    journal = _Counting()
    Others(cast("Journal", journal)).note(door, "1", FACE, metric="cosine", at=NOON)
    (seen,) = journal.counted
    return seen


def test_a_persons_second_card_is_nobody_elses() -> None:
    seen = _counted(_door(("1", "Ann", "aa"), ("2", "Ann", "aa"), ("3", "Bob", "bb")))
    assert (seen.others, seen.false_matches) == (1, 1)


def test_one_photo_on_the_card_of_somebody_else_counts_as_the_false_match_that_it_is() -> None:
    seen = _counted(_door(("1", "Ann", "aa"), ("2", "Bob", "aa")))
    assert (seen.others, seen.false_matches) == (1, 1)


def test_namesakes_with_photos_of_their_own_are_two_people() -> None:
    assert _counted(_door(("1", "Ann", "aa"), ("2", "Ann", "bb"))).others == 1
