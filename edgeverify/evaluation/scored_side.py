"""All comparisons of one of the two sets of a calibration, as evidence for thresholds."""

from __future__ import annotations

from dataclasses import dataclass

from edgeverify.evaluation.images.all_scores import AllScores, compare_all_images
from edgeverify.evaluation.images.attributes import Attributes
from edgeverify.evaluation.images.calibration import Evidence
from edgeverify.evaluation.images.evaluation import mated_pairs
from edgeverify.evaluation.images.fused_scores import fused_scores, mean_scores
from edgeverify.evaluation.images.groups import groups_of
from edgeverify.evaluation.images.material import PairedImages
from edgeverify.evaluation.images.view import View
from edgeverify.evaluation.sides import Side


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
