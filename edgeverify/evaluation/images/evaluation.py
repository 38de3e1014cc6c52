"""One evaluation: the same images with gates off and on, as a list of pairs and all against all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.bundle.group_rate import GroupRate
from edgeverify.comparison import Metric
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.all_scores import AllScores, compare_all_images
from edgeverify.evaluation.images.attributes import AttributeRow, Attributes, breakdown
from edgeverify.evaluation.images.calibration import Evidence, group_rates
from edgeverify.evaluation.images.figures import RATES, Figures, figures
from edgeverify.evaluation.images.folds import FoldAccuracy, PairScores, fold_accuracy
from edgeverify.evaluation.images.groups import groups_of
from edgeverify.evaluation.images.material import Material, PairedImages
from edgeverify.evaluation.images.one_camera import (
    CameraRow,
    before_known_cameras,
    before_one_camera,
    camera_rows,
)
from edgeverify.evaluation.images.pairs import ImageKey, Pair
from edgeverify.evaluation.images.several_photos import PhotosRow, several_photos
from edgeverify.evaluation.images.view import Failures, Gates, View, view
from edgeverify.evaluation.images.walk_up import WalkUp, walk_up

Indices = tuple[NDArray[np.int64], NDArray[np.int64]]

SHOWN_GROUP_RATE = 1e-3
"""What a group is held to at the default rate and factor; smaller groups are marked so."""
SEED = 20_260_101
"""Of the bootstrap: the same data gives the same bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPairs:
    """What a pair list says by itself.

    `accuracy` is at a threshold chosen on other folds (`threshold`, from the tuning folds); with
    several folds `folds` has each at the threshold of all the others.
    """

    mated: int
    non_mated: int
    not_compared: int
    folds: FoldAccuracy | None
    threshold: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """Every figure under one state of the gates.

    With a pair list, `figures` has its mated pairs against all non-mated pairs of images, and
    `all_figures` all mated pairs; without one the two are the same.
    """

    fta: Failures
    fte: Failures
    not_enrolled: int
    figures: Figures
    all_figures: Figures
    listed: ListedPairs | None
    walk_up: WalkUp | None
    photos: tuple[PhotosRow, ...]
    attributes: tuple[AttributeRow, ...]
    groups: tuple[GroupRate, ...]
    cameras: tuple[CameraRow, ...]
    scores: AllScores


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingLeft:
    """The gates let through nothing that could be compared; `problem` says what is missing."""

    problem: str
    fta: Failures
    fte: Failures
    not_enrolled: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """What is asked of some images. `threshold` is the door's; None where it has none."""

    material: Material
    metric: Metric
    threshold: float | None
    gates: Gates
    paired: PairedImages | None = None
    pairs: tuple[Pair, ...] = ()
    tune: tuple[Pair, ...] = ()
    tune_material: Material | None = None
    attributes: Attributes | None = None
    camera_column: str = ""
    rates: tuple[float, ...] = RATES


def evaluate_gated(question: Question) -> Measured | NothingLeft:
    """Return figures; where nothing is left, what the gates refused. EvaluationError if neither."""
    try:
        return evaluate(question)
    except EvaluationError as error:
        if question.gates.probe is None:
            raise
        seen = view(question.material, question.gates, question.metric)
        return NothingLeft(
            problem=str(error), fta=seen.fta, fte=seen.fte, not_enrolled=seen.not_enrolled
        )


def evaluate(question: Question) -> Measured:
    """Return the figures. EvaluationError where nothing can be compared."""
    generator = np.random.default_rng(SEED)
    seen = view(question.material, question.gates, question.metric)
    everything = compare_all_images(seen.faces)
    scores, listed = everything, None
    if question.paired is not None:
        index = _index(question.material, question.paired)
        mated = mated_pairs(question.material, question.paired, question.pairs)
        scores = everything.with_mated(*mated)
        listed = _listed(question, seen, index)
    found = figures(scores, threshold=question.threshold, generator=generator, rates=question.rates)
    at = question.threshold
    if at is None:
        supported = [row for row in found.rows if row.is_supported]
        at = supported[-1].threshold if supported else None
    cameras: tuple[CameraRow, ...] = ()
    if question.camera_column and question.attributes is not None and at is not None:
        given = (seen.faces, question.attributes, question.camera_column)
        cameras = camera_rows(before_known_cameras(*given), before_one_camera(*given), at)
    return Measured(
        fta=seen.fta,
        fte=seen.fte,
        not_enrolled=seen.not_enrolled,
        figures=found,
        all_figures=(
            found
            if scores is everything
            else figures(
                everything, threshold=question.threshold, generator=generator, rates=question.rates
            )
        ),
        listed=listed,
        walk_up=walk_up(everything, question.rates),
        photos=several_photos(everything, question.rates),
        attributes=(
            ()
            if question.attributes is None or at is None
            else breakdown(question.material, seen, question.attributes, at, generator)
        ),
        groups=() if at is None else _groups(everything, at),
        cameras=cameras,
        scores=scores,
    )


def _groups(everything: AllScores, threshold: float) -> tuple[GroupRate, ...]:
    """Measure the look-alikes, which need no labels, at `threshold`."""
    evidence = Evidence(
        dataset="these people",
        non_mated=everything.ascending,
        mated=everything.mated,
        people=everything.people,
        pairs_of_people=everything.pairs_of_people,
        groups=groups_of(everything.faces),
    )
    return group_rates([evidence], threshold, SHOWN_GROUP_RATE)


def mated_pairs(material: Material, paired: PairedImages, pairs: Sequence[Pair]) -> Indices:
    """Return the image numbers (probes, references) of the listed mated pairs that are there."""
    return _indices([pair for pair in pairs if pair.is_mated], _index(material, paired))


def _index(material: Material, paired: PairedImages) -> dict[ImageKey, int]:
    """Return the number of each image of the pairs that could be read."""
    numbers = {path: number for number, path in enumerate(material.paths)}
    return {key: numbers[path] for key, path in paired.where.items() if path in numbers}


def _indices(pairs: Sequence[Pair], index: Mapping[ImageKey, int]) -> Indices:
    """Return probes and references of the pairs whose images are both there."""
    there = [pair for pair in pairs if pair.probe in index and pair.reference in index]
    probes = np.array([index[pair.probe] for pair in there], np.int64)
    references = np.array([index[pair.reference] for pair in there], np.int64)
    return probes, references


def _pair_scores(seen: View, pairs: Sequence[Pair], index: Mapping[ImageKey, int]) -> PairScores:
    there = [pair for pair in pairs if pair.probe in index and pair.reference in index]
    return PairScores(
        scores=seen.faces.score(*_indices(pairs, index)),
        is_mated=np.array([pair.is_mated for pair in there], np.bool_),
        fold=np.array([pair.fold for pair in there], np.int64),
    )


def _listed(question: Question, seen: View, index: Mapping[ImageKey, int]) -> ListedPairs:
    pairs = _pair_scores(seen, question.pairs, index)
    threshold = None
    if question.tune and question.tune_material is not None and question.paired is not None:
        elsewhere = view(question.tune_material, question.gates, question.metric)
        there = _index(question.tune_material, question.paired)
        threshold = _pair_scores(elsewhere, question.tune, there).threshold()
    return ListedPairs(
        mated=int(pairs.is_mated.sum()),
        non_mated=int((~pairs.is_mated).sum()),
        not_compared=int((~np.isfinite(pairs.scores)).sum()),
        folds=fold_accuracy(pairs),
        threshold=threshold,
        accuracy=None if threshold is None else pairs.accuracy(threshold),
    )
