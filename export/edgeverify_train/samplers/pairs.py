"""Explicit pairs: made once by the seed, saved as CSV, read again."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edgeverify.atomic_file import write_whole
from edgeverify.errors import ConfigError
from edgeverify_train.chance import draws

HEADER = ("first", "second", "mated")


class Pair(NamedTuple):
    """Two pictures, by their number among the trained ones, and whether one person is on both."""

    first: int
    second: int
    mated: bool


def make_pairs(labels: Sequence[int], count: int, seed: int) -> tuple[Pair, ...]:
    """Draw `count` pairs, half of them mated; no pair twice where there are enough.

    ConfigError where no person has two pictures, or there is one person only.
    """
    of_person: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        of_person.setdefault(label, []).append(index)
    able = [indices for indices in of_person.values() if len(indices) >= 2]
    if not able or len(of_person) < 2:
        raise ConfigError(
            "there are no pairs to train on: two people are needed, and somebody with two pictures",
            advice="Add pictures, or give pairs of your own with sampler.pairs_file.",
        )
    random = draws(seed, "pairs")
    people = list(of_person.values())
    found: dict[tuple[int, int], bool] = {}
    for mated in (True, False):
        wanted = len(found) + count // 2
        for _ in range(20 * count):
            if len(found) >= wanted:
                break
            first, second = _drawn(able if mated else people, random, mated=mated)
            found.setdefault((min(first, second), max(first, second)), mated)
    pairs = [Pair(first, second, mated) for (first, second), mated in found.items()]
    return tuple(pairs[index] for index in random.permutation(len(pairs)))


def _drawn(
    groups: Sequence[Sequence[int]], random: np.random.Generator, *, mated: bool
) -> tuple[int, int]:
    if mated:
        group = groups[int(random.integers(len(groups)))]
        first, second = random.choice(len(group), 2, replace=False)
        return group[int(first)], group[int(second)]
    one, other = random.choice(len(groups), 2, replace=False)
    left, right = groups[int(one)], groups[int(other)]
    return left[int(random.integers(len(left)))], right[int(random.integers(len(right)))]


def write_pairs(path: Path, pairs: Sequence[Pair], pictures: Sequence[Path], folder: Path) -> None:
    """Save them: `first,second,mated`, paths from the data folder, mated 1 or 0."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(HEADER)
    for pair in pairs:
        names = (pictures[index].relative_to(folder) for index in (pair.first, pair.second))
        rows.writerow((*names, int(pair.mated)))
    write_whole(path, text.getvalue().encode())


def read_pairs(path: Path, pictures: Sequence[Path], folder: Path) -> tuple[Pair, ...]:
    """Read pairs of trained pictures; ConfigError with the line where one cannot be used.

    Pairs with a picture that is not trained on (of a person who is held out) are left out.
    """
    numbers: Mapping[str, int] = {
        str(picture.relative_to(folder)): index for index, picture in enumerate(pictures)
    }
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(
            f"the pairs in {path} cannot be read: {error}", advice="It must be a CSV file."
        ) from None
    if not rows or tuple(rows[0]) != HEADER:
        raise ConfigError(
            f"{path}:1: the pairs begin with the line {','.join(HEADER)}",
            advice="Make the file like the pairs.csv of a run folder.",
        )
    found = []
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(HEADER) or row[2] not in {"0", "1"}:
            raise ConfigError(
                f"{path}:{line}: a pair is two paths and 1 or 0, not {','.join(row)!r}",
                advice="Put it right, or leave the line out.",
            )
        if row[0] in numbers and row[1] in numbers:
            found.append(Pair(numbers[row[0]], numbers[row[1]], row[2] == "1"))
    if not any(pair.mated for pair in found) or all(pair.mated for pair in found):
        raise ConfigError(
            f"{path} has no mated or no non-mated pair of pictures that are trained on",
            advice="Both kinds are needed; paths start from the data folder.",
        )
    return tuple(found)
