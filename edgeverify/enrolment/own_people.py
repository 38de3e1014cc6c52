"""How close a door's own people come to each other: all pairs at its threshold (pure).

No picture of a stranger says as much about a door as the people who are enrolled there. Where two
of them would be confused, the cards of these two are held to a threshold above what their
references reach, and everybody else's stays.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgeverify.comparison import Metric, ReferenceMatrix
from edgeverify.domain import OperatingPoint, Reference
from edgeverify.enrolment.likeness import Likeness, LookAlike, lines_of
from edgeverify.enrolment.look_alikes import find_look_alikes, score_blocks, shared_photos
from edgeverify.how_many import how_many

LEAST_PEOPLE = 10
"""With fewer there are too few pairs to say anything; look-alikes are warned of all the same."""
MOST_PEOPLE = 40_000
"""800 million pairs, some ten seconds of two cores at a reload that changed somebody."""
MOST_NAMED = 50
"""Pairs that are named, the closest first; all are counted."""

Rule = Literal["tighten", "warn", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPeople:
    """What was found. `confused` of `pairs` reach a threshold, `same_photo` of them by one photo.

    `named` are the closest of them, `raised` the higher thresholds by card, and `cost` what they
    mean to each card, in words. Nothing was measured where `pairs` is 0; `problem` says why.
    `one_photo` has a line for each photo that stands on cards of several people, however few they
    are: somebody must look, for no threshold tells a picture from itself.
    """

    people: int = 0
    pairs: int = 0
    confused: int = 0
    same_photo: int = 0
    named: tuple[LookAlike, ...] = ()
    raised: Mapping[str, float] = field(default_factory=dict)
    cost: tuple[str, ...] = ()
    problem: str = ""
    one_photo: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether people are confused and nothing is done about it, one photo apart."""
        return self.confused > self.same_photo and not self.raised

    @property
    def line(self) -> str:
        """Return in one line, with counts alone, what the threshold means among these people."""
        if not self.pairs:
            return self.problem
        said = f"{self.confused:,} of {self.pairs:,} pairs would be confused at this threshold"
        if self.same_photo:
            said += f", {self.same_photo:,} of them by the same photo on two cards"
        if self.raised:
            none = "no other is" if self.same_photo else "none is"
            cards = how_many(len(self.raised), "card is", "cards are")
            said += f"; {cards} held to a higher one, so that {none}"
        elif self.confused > self.same_photo:
            said += "; nothing is done about it (decision.own_people: warn)"
        return said

    @property
    def details(self) -> tuple[str, ...]:
        """Return a line for each pair that is named, and for each card that is held higher."""
        lines = [one.pair for one in self.named if one.kind is not Likeness.ONE_PHOTO]
        if self.confused > len(self.named):
            lines.append(f"and {how_many(self.confused - len(self.named), 'more pair')}")
        return (*lines, *self.cost)


def measure_own_people(
    references: Sequence[Reference],
    digests: Mapping[str, Collection[str]],
    *,
    point: OperatingPoint,
    metric: Metric,
    rule: Rule,
) -> OwnPeople:
    """Compare every two references at the thresholds that `point` holds them to.

    `digests` has the SHA-256 of each card's photos: one photo on two cards is one person with two
    cards, or a mistake, and no threshold tells it from itself, so those are named and left.
    """
    found = _measured(references, digests, point=point, metric=metric, rule=rule)
    return replace(found, one_photo=_one_photo(references, digests))


def find_likenesses(
    references: Sequence[Reference],
    digests: Mapping[str, Collection[str]],
    new_cards: Collection[str],
    *,
    here: Collection[str],
    point: OperatingPoint,
    metric: Metric,
    rule: Rule,
) -> tuple[LookAlike, ...]:
    """Find whom `new_cards` resemble, with what holds after the door has tightened their cards.

    `here` are the cards that open this door at some time; others open nothing here.
    """
    if not new_cards:
        return ()
    at_door = [each for each in references if each.card in here]
    own = _measured(at_door, digests, point=point, metric=metric, rule=rule)
    held = replace(point, raised=own.raised)
    found = find_look_alikes(references, digests, new_cards, point=held, metric=metric)
    opening = [
        replace(pair, enters_with=tuple(card for card in pair.enters_with if card in here))
        for pair in found
    ]
    return tuple(
        pair
        for pair, before in zip(opening, found, strict=True)
        if pair.is_same_photo or pair.enters_with or not before.enters_with
    )


def _one_photo(
    references: Sequence[Reference], digests: Mapping[str, Collection[str]]
) -> tuple[str, ...]:
    pairs = [
        LookAlike(
            card=one.card,
            name=one.name,
            other_card=other.card,
            other_name=other.name,
            is_same_photo=True,
            enters_with=(one.card, other.card),
        )
        for one, other in shared_photos(references, digests)
        if one.name != other.name
    ]
    return lines_of(pairs)[:MOST_NAMED]


def _measured(
    references: Sequence[Reference],
    digests: Mapping[str, Collection[str]],
    *,
    point: OperatingPoint,
    metric: Metric,
    rule: Rule,
) -> OwnPeople:
    count = len(references)
    if rule == "off":
        return OwnPeople(people=count, problem="not measured (decision.own_people: off)")
    if count < LEAST_PEOPLE:
        return OwnPeople(people=count, problem=f"not measured: fewer than {LEAST_PEOPLE} people")
    if count > MOST_PEOPLE:
        return OwnPeople(people=count, problem=f"not measured: more than {MOST_PEOPLE:,} people")
    thresholds = np.array([point.threshold_of(each) for each in references])
    search = _Search(
        references, thresholds, [frozenset(digests.get(one.card, ())) for one in references]
    )
    for rows, columns, scores in score_blocks(
        ReferenceMatrix.of(references, metric).values, metric, least=float(thresholds.min())
    ):
        search.take(rows, columns, scores)
    return search.found(count, point, is_tightened=rule == "tighten")


class _Search:
    """Keeps how close each card comes to another, and the closest pairs."""

    def __init__(
        self,
        references: Sequence[Reference],
        thresholds: NDArray[np.float64],
        photos: Sequence[frozenset[str]],
    ) -> None:
        self._references = references
        self._thresholds = thresholds
        self._photos = photos
        self._closest = np.full(len(references), -np.inf)
        self._pairs: list[tuple[float, int, int]] = []
        self._confused = 0
        self._same_photo = 0

    def take(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64], scores: NDArray[np.float64]
    ) -> None:
        """Take in pairs that may be too close: positions (n,) and (n,), scores (n,)."""
        reached = scores >= np.minimum(self._thresholds[rows], self._thresholds[columns])
        rows, columns, scores = rows[reached], columns[reached], scores[reached]
        self._confused += len(rows)
        same = np.array(
            list(map(self._is_one_photo, rows.tolist(), columns.tolist())),
            np.bool_,
        )
        self._same_photo += int(same.sum())
        for mine in (rows, columns):
            np.maximum.at(self._closest, mine[~same], scores[~same])
        found = zip(scores.tolist(), rows.tolist(), columns.tolist(), strict=True)
        self._pairs = sorted([*self._pairs, *found], reverse=True)[:MOST_NAMED]

    def found(self, count: int, point: OperatingPoint, *, is_tightened: bool) -> OwnPeople:
        """Return what came of it."""
        raised: dict[str, float] = {}
        cost: list[str] = []
        too_close = np.flatnonzero(self._closest >= self._thresholds) if is_tightened else ()
        for place in map(int, too_close):
            reference, before = self._references[place], float(self._thresholds[place])
            higher = _above(float(self._closest[place]))
            raised[reference.card] = higher
            cost.append(_cost(reference, point, before, higher))
        return OwnPeople(
            people=count,
            pairs=count * (count - 1) // 2,
            confused=self._confused,
            same_photo=self._same_photo,
            named=tuple(self._named(one, other) for _, one, other in self._pairs),
            raised=raised,
            cost=tuple(cost),
        )

    def _is_one_photo(self, one: int, other: int) -> bool:
        return not self._photos[one].isdisjoint(self._photos[other])

    def _named(self, one: int, other: int) -> LookAlike:
        first, second = self._references[one], self._references[other]
        return LookAlike(
            card=first.card,
            name=first.name,
            other_card=second.card,
            other_name=second.name,
            is_same_photo=self._is_one_photo(one, other),
            enters_with=(first.card, second.card),
        )


def _above(score: float) -> float:
    """Return the next threshold that a person can read and `score` does not reach."""
    return math.ceil((score + 1e-6) * 1e4) / 1e4


def _cost(reference: Reference, point: OperatingPoint, before: float, higher: float) -> str:
    """Return what the higher threshold costs the owner of a card, as far as it was measured."""
    who = f"card {reference.card} ({reference.name}) is held to a higher threshold"
    was, now = point.fnmr_at(before), point.fnmr_at(higher)
    if now is None and not point.fnmr_by_threshold:
        return f"{who}; what that costs was not measured"
    usual = "" if was is None else f" instead of {100 * was:.1f}"
    if now is None:
        most = 100 * point.fnmr_by_threshold[-1][1]
        return (
            f"{who} than any that was measured: its owner may be refused in every frame (the "
            f"strictest that was measured refuses {most:.1f} %{usual}). Look whether one person is "
            "on both photos; where not, take photos on which they differ more"
        )
    return f"{who}: about {100 * now:.1f} % of its owner's frames are refused{usual}"
