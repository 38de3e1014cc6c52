"""The two sets of people of a calibration: one to choose on, one to check on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.accuracy import Job, Sources, look_at_folder, look_at_pairs
from edgeverify.evaluation.images.acquire import Progress
from edgeverify.evaluation.images.folds import people_of, pick_folds, require_apart
from edgeverify.evaluation.images.material import Material, PairedImages
from edgeverify.evaluation.images.pairs import Pair
from edgeverify.how_many import how_many


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """One of the two sets: images of some people; `pairs` are its listed mated pairs, if any."""

    name: str
    material: Material
    pairs: tuple[Pair, ...] = ()


def two_sides(
    given: Sources, check: Path | None, job: Job, *, name: str, progress: Progress
) -> tuple[Side, Side, PairedImages | None]:
    """Acquire the set to choose on and the set to check on. EvaluationError where they share one.

    Folds of a pair list, two folders, or one folder whose people are halved in alphabetical
    order: every second person is for the check.
    """
    if given.pairs is not None and given.images is not None:
        material, paired = look_at_pairs(given.pairs, given.images, job, progress)
        chosen = pick_folds(paired.pairs, job.tune_folds or (1,))
        checked = pick_folds(paired.pairs, job.report_folds or (2,))
        require_apart(chosen, checked)
        sides = [
            Side(
                name=f"{name}, folds {_said(folds)}",
                material=material.restricted_to(people_of(pairs)),
                pairs=pairs,
            )
            for pairs, folds in (
                (chosen, job.tune_folds or (1,)),
                (checked, job.report_folds or (2,)),
            )
        ]
        return sides[0], sides[1], paired
    if given.folder is None:
        raise EvaluationError("thresholds are chosen on images: a folder, or --pairs")
    first = look_at_folder(given.folder, job, progress)
    if check is None:
        halves = first.people[0::2], first.people[1::2]
        named = ("every other person", "the people in between")
        one, other = (
            Side(name=f"{name}, {what}", material=first.restricted_to(frozenset(people)))
            for people, what in zip(halves, named, strict=True)
        )
        return one, other, None
    second = look_at_folder(check, job, progress)
    shared = sorted(set(first.people) & set(second.people))
    if shared:
        raise EvaluationError(
            f"{how_many(len(shared), 'person is', 'people are')} in both sets, {shared[0]} among "
            "them",
            advice="The set to check on must share nobody with the set to choose on.",
        )
    return Side(name=name, material=first), Side(name=check.name, material=second), None


def _said(folds: Sequence[int]) -> str:
    return " and ".join(str(fold) for fold in folds)
