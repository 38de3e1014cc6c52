"""Who would be taken for whom: twins, the same photo on two cards, or plain likeness (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.comparison import Metric, ReferenceMatrix
from edgeverify.domain import Reference

BLOCK = 512
"""References compared at once, which bounds the memory to BLOCK x n scores."""

MOST_SCORES = 4_000_000
"""Scores that are held at once when everybody is compared with everybody: 16 MB."""


MOST_PAIRS = 10_000
"""Pairs that are kept: one photo on a thousand cards would make half a million."""
MOST_NAMED = 5
"""People of one likeness who are named in its line; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAlike:
    """Two people whose references match each other at the door's threshold."""

    card: str
    name: str
    other_card: str
    other_name: str
    is_same_photo: bool

    @property
    def pair(self) -> str:
        """Return who they are, and why they stand together."""
        what = "have the same photo" if self.is_same_photo else "look alike"
        both = f"card {self.card} ({self.name}) and card {self.other_card} ({self.other_name})"
        return f"{both} {what}"

    @property
    def line(self) -> str:
        """Return one line for the pair."""
        return f"{self.pair}: at this door's threshold each could enter with the other's card"


def find_look_alikes(
    references: Sequence[Reference],
    digests: Mapping[str, Collection[str]],
    new_cards: Collection[str],
    *,
    threshold: float,
    metric: Metric,
) -> tuple[LookAlike, ...]:
    """Compare the fused references of `new_cards` with all; each pair once, by card.

    A photo that stands on two cards is found by its bytes too, whatever the scores say. Beyond
    `MOST_PAIRS` no more are looked for.
    """
    found: dict[tuple[str, str], LookAlike] = {}
    new = [reference for reference in references if reference.card in new_cards]
    if not new:
        return ()
    everybody = ReferenceMatrix.of(references, metric).values
    for start in range(0, len(new), BLOCK):
        block = new[start : start + BLOCK]
        scores = _scores(ReferenceMatrix.of(block, metric).values, everybody, metric)
        for row, column in np.argwhere(scores >= threshold):
            if len(found) >= MOST_PAIRS:
                break
            _note(found, block[row], references[column], digests)
    by_digest: dict[str, Reference] = {}
    for reference in references:
        for digest in digests.get(reference.card, ()):
            other = by_digest.setdefault(digest, reference)
            if other.card in new_cards or reference.card in new_cards:
                _note(found, other, reference, digests)
    return tuple(found[pair] for pair in sorted(found))


def lines_of(pairs: Sequence[LookAlike]) -> tuple[str, ...]:
    """Return one line for each likeness: two people, or all who are alike through one another."""
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
    return tuple(map(_line_of, groups.values()))


def _line_of(group: Sequence[LookAlike]) -> str:
    if len(group) == 1:
        return group[0].line
    people = sorted(
        {(pair.card, pair.name) for pair in group}
        | {(pair.other_card, pair.other_name) for pair in group}
    )
    named = ", ".join(f"card {card} ({name})" for card, name in people[:MOST_NAMED])
    more = f" and {len(people) - MOST_NAMED:,} more" if len(people) > MOST_NAMED else ""
    is_one_photo = all(pair.is_same_photo for pair in group)
    what = "have the same photo" if is_one_photo else "look alike"
    return (
        f"{named}{more} {what}: at this door's threshold each could enter with another's card "
        f"({len(group):,} pairs)"
    )


def score_blocks(
    values: NDArray[np.float32], metric: Metric, *, least: float
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
    """Yield all pairs of rows of `values` that score `least` or more, each once, lower row first.

    Row numbers, column numbers and scores, each (n,). `values` is float32 (n, d), of length 1 for
    the cosine. One block holds some four million scores, whatever the number of rows.
    """
    count = len(values)
    height = max(1, MOST_SCORES // max(1, count))
    for start in range(0, count, height):
        scores = _scores(values[start : start + height], values[start:], metric)
        rows, columns = np.nonzero(scores >= np.float32(least))
        later = columns > rows
        rows, columns = rows[later], columns[later]
        if len(rows):
            yield rows + start, columns + start, scores[rows, columns].astype(np.float64)


def _scores(
    probes: NDArray[np.float32], references: NDArray[np.float32], metric: Metric
) -> NDArray[np.float32]:
    products = probes @ references.T
    if metric == "cosine":
        return np.asarray(products, dtype=np.float32)
    lengths = (probes**2).sum(axis=1)[:, np.newaxis] + (references**2).sum(axis=1)
    return np.asarray(-np.sqrt(np.maximum(lengths - 2.0 * products, 0.0)), dtype=np.float32)


def _note(
    found: dict[tuple[str, str], LookAlike],
    one: Reference,
    other: Reference,
    digests: Mapping[str, Collection[str]],
) -> None:
    if one.card == other.card:
        return
    first, second = sorted((one, other), key=lambda reference: reference.card)
    found[first.card, second.card] = LookAlike(
        card=first.card,
        name=first.name,
        other_card=second.card,
        other_name=second.name,
        is_same_photo=not set(digests.get(first.card, ())).isdisjoint(digests.get(second.card, ())),
    )
