"""How a threshold fared within one group of people."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import Field

from edgeverify.feeding.statement import BundleModel
from edgeverify.how_many import how_many


class GroupRate(BundleModel):
    """How a threshold fared within one group of people, both pictures of a comparison in it.

    `supported` is true where its pairs of people are enough to hold the group to a rate.
    """

    name: str = Field(min_length=1, max_length=100)
    dataset: str = Field(min_length=1)
    people: int = Field(ge=1)
    false_matches: int = Field(ge=0)
    non_mated: int = Field(ge=1)
    fmr_upper_95: float = Field(ge=0, le=1)
    supported: bool

    @property
    def fmr(self) -> float:
        """The false match rate that was measured, 0 to 1."""
        return self.false_matches / self.non_mated

    @property
    def fmr_lower_95(self) -> float:
        """The one-sided lower 95 % bound of the rate (Poisson, by Wilson and Hilferty, 1931)."""
        count = self.false_matches
        if not count:
            return 0.0
        root = 1 - 1 / (9 * count) - 1.6449 / (3 * math.sqrt(count))
        return count * max(0.0, root) ** 3 / self.non_mated

    @property
    def evidence(self) -> str:
        """Return in words who they are, and how many of their comparisons were wrong."""
        carried = "" if self.supported else "; too few people to promise them a rate"
        people = how_many(self.people, "person", "people")
        return (
            f"{self.name} ({self.dataset}, {people}): FMR {self.fmr:.2g}, "
            f"{self.false_matches} of {self.non_mated:,}, at most {self.fmr_upper_95:.2g}{carried}"
        )


def worst_supported(groups: Sequence[GroupRate]) -> float:
    """Return the highest FMR among the groups that can carry a rate, 0 to 1."""
    return max((one.fmr for one in groups if one.supported), default=0.0)


def surely_worst(groups: Sequence[GroupRate]) -> float:
    """Return the same with smaller groups in it, each by its lower 95 % bound."""
    seen = (one.fmr if one.supported else one.fmr_lower_95 for one in groups)
    return max(seen, default=0.0)
