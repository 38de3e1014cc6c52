"""Which pictures meet in a batch: a list of batches for each epoch, drawn by the seed alone.

Explicit pairs are made once by the seed, saved as CSV, and read again.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pytorch_metric_learning import samplers
from pytorch_metric_learning.utils import common_functions

from edgeverify.atomic_file import write_whole
from edgeverify.errors import ConfigError
from edgeverify.table_rows import csv_row
from edgeverify_train.chance import draws, seed_of
from edgeverify_train.recipe.loss import SamplerSettings

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
    rows = [csv_row(HEADER)]
    for pair in pairs:
        names = (pictures[index].relative_to(folder) for index in (pair.first, pair.second))
        rows.append(csv_row((*names, int(pair.mated))))
    write_whole(path, "".join(f"{row}\n" for row in rows).encode())


def read_pairs(path: Path, pictures: Sequence[Path], folder: Path) -> tuple[Pair, ...]:
    """Read pairs of trained pictures; ConfigError with the line where one cannot be used.

    Pairs with a picture that is not trained on (of a person who is held out) are left out.
    """
    numbers: Mapping[str, int] = {
        str(picture.relative_to(folder)): index for index, picture in enumerate(pictures)
    }
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(
            f"the pairs in {path} cannot be read: {why}", advice="It must be a CSV file."
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


Batches = list[list[int]]
"""Numbers of pictures, batch by batch."""


def batches_of(
    epoch: int,
    labels: Sequence[int],
    settings: SamplerSettings,
    *,
    batch: int,
    seed: int,
    pairs: Sequence[Pair] = (),
) -> Batches:
    """Draw the batches of an epoch (from 0): the same for the same arguments, at any time.

    A last batch that is not full is left out. ConfigError where not one batch can be made.
    """
    if settings.kind == "m-per-class":
        made = _m_per_class(epoch, labels, settings.pictures, batch, seed)
    elif settings.kind == "p-x-k":
        made = _p_x_k(epoch, labels, settings, seed)
    elif settings.kind == "pairs":
        order = draws(seed, epoch, "order of pairs").permutation(len(pairs))
        flat = [number for index in order for number in (pairs[index].first, pairs[index].second)]
        made = _cut(flat, batch - batch % 2)
    else:
        made = _cut(draws(seed, epoch, "order").permutation(len(labels)).tolist(), batch)
    if not made:
        people = len(set(labels))
        # Without labels all are of one: there, people are not what is missing.
        what, more = (f"pictures of {people} people", "people") if people > 1 else ("pictures",) * 2
        raise ConfigError(
            f"{len(labels)} {what} make no batch of {batch}",
            advice=f"Add {more}, or make training.batch smaller.",
        )
    return made


def _cut(numbers: Sequence[int], batch: int) -> Batches:
    whole = len(numbers) // batch * batch
    return [list(numbers[start : start + batch]) for start in range(0, whole, batch)]


def _m_per_class(
    epoch: int, labels: Sequence[int], pictures: int, batch: int, seed: int
) -> Batches:
    people = len(set(labels))
    if batch % pictures or people * pictures < batch:
        raise ConfigError(
            f"a batch of {batch} cannot hold {pictures} pictures each of {people} people",
            advice="Make training.batch a multiple of sampler.pictures, and at most pictures "
            "times people.",
        )
    # The library draws from a generator of its own module.
    common_functions.NUMPY_RANDOM = np.random.RandomState(seed_of(seed, epoch, "m") % 2**32)
    length = max(batch, len(labels))
    sampler = samplers.MPerClassSampler(labels, pictures, batch, length)
    return _cut([int(number) for number in sampler], batch)


def _p_x_k(epoch: int, labels: Sequence[int], settings: SamplerSettings, seed: int) -> Batches:
    of_person: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        of_person.setdefault(label, []).append(index)
    random = draws(seed, epoch, "p-x-k")
    turns = random.permutation(sorted(of_person)).tolist()
    if len(turns) < settings.people:
        raise ConfigError(
            f"sampler.people is {settings.people}, and {len(turns)} people are trained on",
            advice="Make it smaller, or add people.",
        )
    drawn: list[int] = []
    for person in turns:
        own = of_person[person]
        picked = random.choice(len(own), settings.pictures, replace=len(own) < settings.pictures)
        drawn += [own[int(index)] for index in picked]
    return _cut(drawn, settings.people * settings.pictures)
