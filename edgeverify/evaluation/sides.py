"""The two sets of people of a calibration, one to choose on, one to check on, and their scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.accuracy import Job, Sources, look_at_folder, look_at_pairs
from edgeverify.evaluation.images.acquire import Progress
from edgeverify.evaluation.images.all_scores import AllScores, compare_all_images
from edgeverify.evaluation.images.attributes import Attributes
from edgeverify.evaluation.images.calibration import Evidence
from edgeverify.evaluation.images.evaluation import mated_pairs
from edgeverify.evaluation.images.folds import people_of, pick_folds, require_apart
from edgeverify.evaluation.images.fused_scores import fused_scores, mean_scores
from edgeverify.evaluation.images.groups import groups_of
from edgeverify.evaluation.images.material import Material, PairedImages
from edgeverify.evaluation.images.pairs import Pair
from edgeverify.evaluation.images.view import View
from edgeverify.how_many import how_many


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """One of the two sets: images of some people; `pairs` are its listed mated pairs, if any."""

    name: str
    material: Material
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoredSide:
    """One set of people, chosen on or checked on, with all its comparisons."""

    side: Side
    view: View
    scores: AllScores

    @classmethod
    def of(cls, side: Side, seen: View, paired: PairedImages | None) -> ScoredSide:
        """Compare everybody with everybody; of a pair list only its listed mated pairs count."""
        scores = compare_all_images(seen.faces)
        if paired is not None:
            scores = scores.with_mated(*mated_pairs(side.material, paired, side.pairs))
        return cls(side=side, view=seen, scores=scores)

    def single(self, attributes: Attributes | None, group_factor: float) -> Evidence:
        """Return what single frames against references of one photo scored, by group as well."""
        return Evidence(
            dataset=f"{self.side.name}, all image pairs",
            non_mated=self.scores.ascending,
            mated=self.scores.mated,
            people=self.scores.people,
            pairs_of_people=self.scores.pairs_of_people,
            groups=groups_of(self.view.faces, attributes),
            group_factor=group_factor,
        )

    def several(self, photos: int) -> Evidence:
        """Return what single frames against references of `photos` photos scored."""
        found = fused_scores(self.view.faces, photos)
        return Evidence(
            dataset=f"{self.side.name}, references of {photos} photos",
            non_mated=found.non_mated,
            mated=found.mated,
            people=found.people,
            pairs_of_people=found.pairs_of_people,
        )

    def mean(self) -> Evidence:
        """Return what means of five pictures scored. EvaluationError where nobody has five."""
        found = mean_scores(self.view.faces)
        return Evidence(
            dataset=(
                f"{self.side.name}, means of five pictures of one person, and never below the "
                "threshold of single frames"
            ),
            non_mated=found.non_mated,
            mated=found.mated,
            people=self.scores.people,
            pairs_of_people=found.pairs_of_people,
        )


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
