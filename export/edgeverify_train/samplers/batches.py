"""The batches of one epoch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pytorch_metric_learning import samplers
from pytorch_metric_learning.utils import common_functions

from edgeverify.errors import ConfigError
from edgeverify_train.chance import draws, seed_of
from edgeverify_train.recipe.loss import SamplerSettings
from edgeverify_train.samplers.pairs import Pair

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
        raise ConfigError(
            f"{len(labels)} pictures of {len(set(labels))} people make no batch of {batch}",
            advice="Add people, or make training.batch smaller.",
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
