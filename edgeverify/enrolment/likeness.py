"""Two people who would be taken for each other, and what is said of them (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

MOST_NAMED = 5
"""People of one likeness who are named in its line; all are counted."""


_ITSELF = "and no threshold tells a picture from itself: look who is on it, and give"


class Likeness(Enum):
    """What follows from a likeness: for two people, and for more."""

    ONE_PERSON = ("one person with both cards", "one person with all these cards")
    """By the names in the config."""
    ONE_PHOTO = (
        f"each could enter with the other's card, {_ITSELF} the other's card a photo of its owner",
        f"each could enter with another's card, {_ITSELF} the others' cards photos of their owners",
    )
    APART = (
        "each card is held to a threshold that the other's photo does not reach",
        "each card is held to a threshold that no other's photo reaches",
    )
    OPEN = (
        "at this door's threshold each could enter with the other's card",
        "at this door's threshold each could enter with another's card",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAlike:
    """Two people whose references match each other at the door's threshold, or share a photo.

    `enters_with` are the cards of the two whose threshold the other's reference reaches: none
    where both are held to a higher one.
    """

    card: str
    name: str
    other_card: str
    other_name: str
    is_same_photo: bool
    enters_with: tuple[str, ...]

    @property
    def kind(self) -> Likeness:
        """Return what follows from it."""
        if self.is_same_photo:
            is_one_person = self.name == self.other_name
            return Likeness.ONE_PERSON if is_one_person else Likeness.ONE_PHOTO
        return Likeness.OPEN if self.enters_with else Likeness.APART

    @property
    def pair(self) -> str:
        """Return who they are, and why they stand together."""
        what = "have the same photo" if self.is_same_photo else "look alike"
        both = f"card {self.card} ({self.name}) and card {self.other_card} ({self.other_name})"
        return f"{both} {what}"

    @property
    def consequence(self) -> str:
        """Return who could enter with whose card, and what to do where no threshold helps."""
        if self.kind is Likeness.OPEN and len(self.enters_with) == 1:
            (card,) = self.enters_with
            other = self.other_name if card == self.card else self.name
            return f"at this door's threshold {other} could enter with card {card}"
        return self.kind.value[0]

    @property
    def line(self) -> str:
        """Return one line for the pair."""
        return f"{self.pair}: {self.consequence}"


def lines_of(pairs: Sequence[LookAlike]) -> tuple[str, ...]:
    """Return one line for each likeness: two people, or all who are alike through one another.

    What nobody separates comes first, then what is open, then what is held apart.
    """
    order = (Likeness.ONE_PHOTO, Likeness.OPEN, Likeness.APART, Likeness.ONE_PERSON)
    return tuple(
        _line_of(group)
        for kind in order
        for group in _groups([pair for pair in pairs if pair.kind is kind])
    )


def _groups(pairs: Sequence[LookAlike]) -> Iterable[Sequence[LookAlike]]:
    leader: dict[str, str] = {}

    def leading(card: str) -> str:
        while (above := leader.setdefault(card, card)) != card:
            leader[card] = leader.setdefault(above, above)
            card = above
        return card

    for pair in pairs:
        leader[leading(pair.other_card)] = leading(pair.card)
    groups: dict[str, list[LookAlike]] = {}
    for pair in pairs:
        groups.setdefault(leading(pair.card), []).append(pair)
    return groups.values()


def _line_of(group: Sequence[LookAlike]) -> str:
    first = group[0]
    if len(group) == 1:
        return first.line
    people = sorted(
        {(pair.card, pair.name) for pair in group}
        | {(pair.other_card, pair.other_name) for pair in group}
    )
    named = ", ".join(f"card {card} ({name})" for card, name in people[:MOST_NAMED])
    more = f" and {len(people) - MOST_NAMED:,} more" if len(people) > MOST_NAMED else ""
    what = "have the same photo" if first.is_same_photo else "look alike"
    return f"{named}{more} {what}: {first.kind.value[1]} ({len(group):,} pairs)"
