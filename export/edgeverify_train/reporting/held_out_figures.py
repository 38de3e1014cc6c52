"""Every figure of an evaluation, of a run's best weights on the people who were held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from edgeverify_export.sources import load_network
from edgeverify_export.statement import Resolved, resolve
from numpy.typing import NDArray
from torch import nn

from edgeverify.comparison import Metric
from edgeverify.evaluation.images.acquired import Acquired
from edgeverify.evaluation.images.all_scores import score_block
from edgeverify.evaluation.images.evaluation import Measured, Question, evaluate
from edgeverify.evaluation.images.material import NamedImage, material
from edgeverify.evaluation.images.view import Gates
from edgeverify.evaluation.statistics.rates import curve, threshold_at_fmr
from edgeverify.feeding.statement import Side
from edgeverify_train.exporting.held_out import HeldOutPeople
from edgeverify_train.feeding import statement_of
from edgeverify_train.measuring import embed
from edgeverify_train.pictures import BadPicture, read_chip, unreadable
from edgeverify_train.recipe import Recipe
from edgeverify_train.run_folder import RunFolder

Values = NDArray[np.float32]
_AT_ONCE, _BLOCK, _WORST = 32, 512, 12
_SIDES: tuple[Side, Side] = ("probe", "reference")


@dataclass(frozen=True, slots=True)
class WorstPair:
    """Two pictures by number, probe and reference, and their score."""

    probe: int
    reference: int
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutFigures:
    """What best.pth does on held-out people.

    `measured` is 1:1 at `threshold`; `many_auc` is 1:N: each picture's best score with its own
    person's references against its best with everybody else's. `between` is the mean score of any
    two people, (people, people).
    """

    people: HeldOutPeople
    metric: Metric
    measured: Measured
    threshold: float
    many_auc: float
    missed: tuple[WorstPair, ...]
    mistaken: tuple[WorstPair, ...]
    between: NDArray[np.float64]


def measure_held_out(recipe: Recipe, run: RunFolder, people: HeldOutPeople) -> HeldOutFigures:
    """Embed as the door does, compare all with all. EvaluationError where nothing can be."""
    loaded = load_network(run.best, recipe.network.arch)
    resolved = resolve(statement_of(recipe), loaded.architecture)
    probes, references = (
        _embedded(loaded.fitted.network, people, resolved, side) for side in _SIDES
    )
    metric: Metric = resolved.metric
    looked = _Looked(people.person)
    for start in range(0, len(probes), _BLOCK):
        looked.take(start, score_block(probes[start : start + _BLOCK], references, metric))
    images = [
        NamedImage(person=people.names[number], path=path)
        for number, path in zip(people.person, people.paths, strict=True)
    ]
    seen = {
        path: Acquired(digest=f"{index:064x}", values=probe, reference_values=reference)
        for index, (path, probe, reference) in enumerate(
            zip(people.paths, probes, references, strict=True)
        )
    }
    threshold = recipe.measurement.threshold
    if threshold is None:
        threshold = threshold_at_fmr(np.concatenate(looked.non_mated), recipe.measurement.fmr)
    measured = evaluate(
        Question(
            material=material(images, seen, ()),
            metric=metric,
            threshold=threshold,
            gates=Gates.off(),
        )
    )
    return HeldOutFigures(
        people=people,
        metric=metric,
        measured=measured,
        threshold=threshold,
        many_auc=curve(np.array(looked.own_best), np.array(looked.other_best)).auc,
        missed=tuple(sorted(looked.missed, key=lambda one: one.score)[:_WORST]),
        mistaken=tuple(sorted(looked.mistaken, key=lambda one: -one.score)[:_WORST]),
        between=looked.between(),
    )


def _embedded(network: nn.Module, people: HeldOutPeople, resolved: Resolved, side: Side) -> Values:
    parts = [
        embed(network, _chips(people, start, resolved.feeding.size), resolved, side)
        for start in range(0, len(people.paths), _AT_ONCE)
    ]
    return np.concatenate(parts)


def _chips(people: HeldOutPeople, start: int, size: int) -> list[NDArray[np.uint8]]:
    chips = []
    for path in people.paths[start : start + _AT_ONCE]:
        chip = read_chip(path, size)
        if isinstance(chip, BadPicture):
            raise unreadable(chip)
        chips.append(chip)
    return chips


class _Looked:
    """What is kept of all scores, a block of probes at a time."""

    def __init__(self, person: NDArray[np.int64]) -> None:
        self._person = person
        people = int(person.max()) + 1
        self._sums = np.zeros((people, people))
        self._counts = np.zeros((people, people))
        self.own_best: list[float] = []
        self.other_best: list[float] = []
        self.non_mated: list[NDArray[np.float64]] = []
        self.missed: list[WorstPair] = []
        self.mistaken: list[WorstPair] = []

    def take(self, start: int, block: NDArray[np.float32]) -> None:
        """Take scores of probes `start` and on, (n, all references)."""
        for offset, row in enumerate(block.astype(np.float64)):
            probe = start + offset
            same = self._person == self._person[probe]
            np.add.at(self._sums[self._person[probe]], self._person, np.where(same, 0, row))
            np.add.at(self._counts[self._person[probe]], self._person, (~same).astype(float))
            own = np.flatnonzero(same)
            own = own[own != probe]
            other = np.flatnonzero(~same)
            if len(own):
                self._sums[self._person[probe], self._person[probe]] += row[own].sum()
                self._counts[self._person[probe], self._person[probe]] += len(own)
                worst = int(own[row[own].argmin()])
                self.missed.append(WorstPair(probe, worst, float(row[worst])))
            if len(other):
                best = int(other[row[other].argmax()])
                self.mistaken.append(WorstPair(probe, best, float(row[best])))
                self.non_mated.append(row[other[other > probe]])
            if len(own) and len(other):
                self.own_best.append(float(row[own].max()))
                self.other_best.append(float(row[other].max()))
        self.missed = _once(sorted(self.missed, key=lambda one: one.score))[: 4 * _WORST]
        self.mistaken = _once(sorted(self.mistaken, key=lambda one: -one.score))[: 4 * _WORST]

    def between(self) -> NDArray[np.float64]:
        """Return mean scores between people; NaN where there was no pair."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self._sums / np.where(self._counts > 0, self._counts, np.nan))


def _once(pairs: list[WorstPair]) -> list[WorstPair]:
    """Keep the first of each two pictures, whichever of them was the probe."""
    kept: dict[frozenset[int], WorstPair] = {}
    for pair in pairs:
        kept.setdefault(frozenset((pair.probe, pair.reference)), pair)
    return list(kept.values())
