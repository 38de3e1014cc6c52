"""One measured threshold: the rate it stands for, and what was seen at it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from edgeverify.bundle.group_rate import GroupRate, surely_worst, worst_supported
from edgeverify.feeding.statement import BundleModel
from edgeverify.how_many import how_many

Fusion = Literal["single", "mean5"]
Origin = Literal["elsewhere", "camera"]
"""Where references were taken: elsewhere, as an ID photo is, or before the camera that probes come
from, which makes everybody more alike."""


_THIN = 10  # fewer false matches than this leave the threshold to chance


class CheckedPoint(BundleModel):
    """How a threshold fared on people who had no part in choosing it."""

    dataset: str = Field(min_length=1)
    false_matches: int = Field(ge=0)
    non_mated: int = Field(ge=1)
    fmr_upper_95: float = Field(ge=0, le=1)
    fnmr: float | None = Field(default=None, ge=0, le=1)
    mated: int = Field(ge=0)
    people: int = Field(ge=1)

    @property
    def fmr(self) -> float:
        """The false match rate that was measured, 0 to 1."""
        return self.false_matches / self.non_mated

    def holds(self, fmr: float) -> bool:
        """Return whether what was measured is not above the rate that the threshold is named by."""
        return self.fmr <= fmr


class MeasuredPoint(BundleModel):
    """One threshold and what was seen at it.

    `fmr` is the rate it stands for; `false_matches` of `non_mated` comparisons reached the
    threshold, which bounds the true rate by `fmr_upper_95` (Clopper-Pearson, one-sided).
    `supported` is true where that bound is not above `fmr`. `fusion` says on what the score was
    measured: single frames, or means of five; `photos` of how many photos the references were, and
    `origin` where those were taken. `check` is how it fared on other people, `groups` how within
    groups of people; where a supported group bound the choice, its FMR is at most `group_factor`
    times `fmr`.
    """

    threshold: float
    fmr: float = Field(gt=0, le=1)
    fnmr: float | None = Field(default=None, ge=0, le=1)
    fmr_upper_95: float = Field(ge=0, le=1)
    false_matches: int = Field(ge=0)
    non_mated: int = Field(ge=1)
    mated: int = Field(ge=0)
    dataset: str = Field(min_length=1)
    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    fusion: Fusion = "single"
    photos: int = Field(default=1, ge=1)
    supported: bool
    check: CheckedPoint | None = None
    origin: Origin = "elsewhere"
    groups: tuple[GroupRate, ...] = Field(default=(), strict=False)
    group_factor: float | None = Field(default=None, ge=1)

    @model_serializer(mode="wrap")
    def _as_written_before(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what older files do not have, so that their hash stays the same."""
        written: dict[str, Any] = write(self)
        if self.check is None:
            written.pop("check", None)
        if self.photos == 1:
            written.pop("photos", None)
        if self.origin == "elsewhere":
            written.pop("origin", None)
        if not self.groups:
            written.pop("groups", None)
        if self.group_factor is None:
            written.pop("group_factor", None)
        return written

    @property
    def worst_group(self) -> GroupRate | None:
        """The group whose false match rate is surely the highest, None without any.

        By the lower 95 % bound, so that one false match in a handful of people does not count for
        more than dozens in a crowd.
        """
        return max(self.groups, key=lambda group: group.fmr_lower_95, default=None)

    def holds_within_groups(self, rate: float) -> bool:
        """Return whether no group that it was chosen on, and that can carry a rate, exceeds `rate`.

        How groups of the people it was checked on fared is evidence, and a `caution`.
        """
        chosen_on = [one for one in self.groups if one.dataset == self.dataset]
        return worst_supported(chosen_on) <= rate * (1 + 1e-9)

    @property
    def caution(self) -> str:
        """Return why the evidence is thin, or nothing where it is not."""
        return self.caution_at(self.fmr, self.group_factor)

    def caution_at(self, rate: float, factor: float | None) -> str:
        """Return the same of a door that asks for `rate`, and `factor` times that within groups.

        It may ask for another rate than the point is named by: the next stricter point serves it.
        """
        if self.check is None:
            return "the threshold was not checked on people other than it was chosen on"
        if not self.check.holds(rate):
            return f"on other people the threshold let {self.check.fmr:.2g} through, above {rate:g}"
        above = self._above_the_factor(rate, factor)
        if not above and self.false_matches < _THIN:
            seen = how_many(self.false_matches, "false match", "false matches")
            return f"the threshold rests on {seen} only"
        if not above and not any(group.supported for group in self.groups):
            return "how it fares within groups of people was not measured"
        return above

    def _above_the_factor(self, rate: float, factor: float | None) -> str:
        """Return which group of people it surely lets through more often than it should."""
        if factor is None:
            return ""
        allowed, said = factor * rate, _times(factor, rate)
        if worst_supported(self.groups) > allowed:
            worst = f"{worst_supported(self.groups):.2g}"
            return f"within a group of other people it let {worst} through, more than {said}"
        found = self.worst_group
        if found is None or found.fmr_lower_95 <= allowed:
            return ""
        return (
            f"within a group of people it let {found.fmr:.2g} through, more than {said}, and they "
            "are too few to be held to less"
        )

    @property
    def evidence(self) -> str:
        """Return in words on what the threshold rests."""
        return self.evidence_at(self.fmr)

    def evidence_at(self, rate: float) -> str:
        """Return the same for a door that asks for `rate`."""
        said = (
            f"{self.false_matches} of {self.non_mated:,} non-mated comparisons on {self.dataset}, "
            f"{self.date}; FMR at most {self.fmr_upper_95:.2g} at 95 %"
        )
        if self.check is None:
            return said
        checked = (
            f"checked on {how_many(self.check.people, 'other person', 'other people')}: "
            f"{self.check.false_matches} of {self.check.non_mated:,}"
        )
        if not self.check.holds(rate):
            checked += f", above the rate ({self.check.fmr:.2g})"
        return f"{said}; {checked}"

    @property
    def group_evidence(self) -> str:
        """Return in words how the worst group of people fared; empty where none was measured."""
        worst = self.worst_group
        if worst is None:
            return ""
        return f"worst group of people ({len(self.groups)} measured): {worst.evidence}"

    def holds_for_all(self, rate: float, factor: float) -> bool:
        """Return whether no group of people lies above `factor` times `rate`.

        A group that can carry a rate counts as it was seen, one that is too small for that only
        where it surely lies above, so that chance among a handful of people says nothing.
        """
        return surely_worst(self.groups) <= factor * rate * (1 + 1e-9)

    def group_promise(self, rate: float, factor: float) -> str:
        """Return the same, with whether the group stays below `factor` times `rate`."""
        worst = self.worst_group
        if worst is None:
            return ""
        held = "allowed" if worst.fmr <= factor * rate * (1 + 1e-9) else "NOT held to"
        return f"{self.group_evidence} ({held}: {_times(factor, rate)})"


def _times(factor: float, rate: float) -> str:
    """Return what is allowed within a group, in words."""
    return f"{rate:g}" if factor == 1 else f"{factor:g} times {rate:g}"
