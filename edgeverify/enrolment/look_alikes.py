"""Who would be taken for whom: twins, the same photo on two cards, or plain likeness (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgeverify.comparison import Metric, ReferenceMatrix
from edgeverify.domain import OperatingPoint, Reference
from edgeverify.enrolment.likeness import LookAlike

BLOCK = 512
"""References compared at once, which bounds the memory to BLOCK x n scores."""

MOST_SCORES = 4_000_000
"""Scores that are held at once when everybody is compared with everybody: 16 MB."""


MOST_PAIRS = 10_000
"""Pairs that are kept: one photo on a thousand cards would make half a million."""


def find_look_alikes(
    references: Sequence[Reference],
    digests: Mapping[str, Collection[str]],
    new_cards: Collection[str],
    *,
    point: OperatingPoint,
    metric: Metric,
) -> tuple[LookAlike, ...]:
    """Compare the fused references of `new_cards` with all; each pair once, by card.

    Found is who reaches a threshold of the other's card before `point.raised`, and said is with
    which cards that is so afterwards. A photo that stands on two cards is found by its bytes too,
    whatever the scores say. Beyond `MOST_PAIRS` no more are looked for.
    """
    found: dict[tuple[str, str], LookAlike] = {}
    new = [reference for reference in references if reference.card in new_cards]
    if not new:
        return ()
    usual = replace(point, raised={})
    least = np.array([usual.threshold_of(each) for each in references])
    everybody = ReferenceMatrix.of(references, metric).values
    for start in range(0, len(new), BLOCK):
        block = new[start : start + BLOCK]
        own = np.array([usual.threshold_of(each) for each in block])
        scores = _scores(ReferenceMatrix.of(block, metric).values, everybody, metric)
        reached = scores >= np.minimum(own[:, np.newaxis], least)
        for row, column in np.argwhere(reached):
            if len(found) >= MOST_PAIRS:
                break
            both = (block[row], references[column])
            reaches = float(scores[row, column])
            _note(
                found, *both, digests, [one for one in both if reaches >= point.threshold_of(one)]
            )
    for one, other in shared_photos(references, digests):
        if one.card in new_cards or other.card in new_cards:
            _note(found, one, other, digests, (one, other))
    return tuple(found[pair] for pair in sorted(found))


def shared_photos(
    references: Sequence[Reference], digests: Mapping[str, Collection[str]]
) -> Iterator[tuple[Reference, Reference]]:
    """Yield, for every photo that stands on several cards, the first of them with each other."""
    by_digest: dict[str, Reference] = {}
    for reference in references:
        for digest in sorted(digests.get(reference.card, ())):
            first = by_digest.setdefault(digest, reference)
            if first is not reference:
                yield first, reference


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
    enters_with: Collection[Reference],
) -> None:
    if one.card == other.card:
        return
    first, second = sorted((one, other), key=lambda reference: reference.card)
    is_same_photo = not set(digests.get(first.card, ())).isdisjoint(digests.get(second.card, ()))
    found[first.card, second.card] = LookAlike(
        card=first.card,
        name=first.name,
        other_card=second.card,
        other_name=second.name,
        is_same_photo=is_same_photo,
        enters_with=tuple(sorted(each.card for each in enters_with)),
    )
