"""How many people and pairs there are, against what tasks take (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

TASKS = (("large", 5000), ("medium", 1001), ("small", 1000))
"""Identities for a task: 1,000 for a small one, 1,000 to 2,000 for a medium, 5,000 for a large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """`mated` and `non_mated` are pairs of pictures that could be made."""

    people: int
    pictures: int
    mated: int
    non_mated: int
    fewest: int
    median: float
    most: int

    @property
    def verdict(self) -> str:
        """Return what that many identities are enough for, as a sentence."""
        reached = next((name for name, needed in TASKS if self.people >= needed), None)
        if reached is None:
            return (
                f"{self.people:,} identities are fewer than the 1,000 of a small task: a network "
                "from chance will know these people and no strangers. Fine-tune one that is "
                "trained (recipe finetune-own-people)."
            )
        return (
            f"{self.people:,} identities are enough for a {reached} task (1,000 small, 1,000 to "
            "2,000 medium, 5,000 large)."
        )


def amount(pictures_of_each: Sequence[int]) -> Amount:
    """Count; every person has at least one picture."""
    counts = sorted(pictures_of_each)
    total = sum(counts)
    mated = sum(count * (count - 1) // 2 for count in counts)
    middle = len(counts) // 2
    even = len(counts) % 2 == 0 and counts
    return Amount(
        people=len(counts),
        pictures=total,
        mated=mated,
        non_mated=total * (total - 1) // 2 - mated,
        fewest=counts[0] if counts else 0,
        median=(counts[middle - 1] + counts[middle]) / 2 if even else float(counts[middle]),
        most=counts[-1] if counts else 0,
    )
