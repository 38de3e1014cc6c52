"""Thresholds with their evidence.

On disk (`operating-points.json`) keyed by embedding space, with a hash of its own: measuring
again changes no reference and no signature of the model.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edgeverify.bundle.canonical_json import canonical_json, sha256_of
from edgeverify.bundle.manifest import Sha256
from edgeverify.bundle.measured_point import Fusion, MeasuredPoint, Origin
from edgeverify.feeding.statement import BundleModel


class OperatingPoints(BundleModel):
    """The measured points of one embedding space."""

    embedding_space: Sha256
    points: tuple[MeasuredPoint, ...] = Field(strict=False)

    def at_most(
        self,
        fmr: float,
        fusion: Fusion,
        photos: int = 1,
        origin: Origin = "elsewhere",
        *,
        group_factor: float | None = None,
    ) -> MeasuredPoint | None:
        """Find the loosest supported point whose rate is not above `fmr`, or None.

        With `group_factor` no group of people that can carry a rate may have been seen above so
        many times `fmr`.
        """
        found = self._supported(fusion, photos, origin)
        fitting = [point for point in found if point.fmr <= fmr * (1 + 1e-9)]
        if group_factor is not None:
            fitting = [p for p in fitting if p.holds_within_groups(group_factor * fmr)]
        return max(fitting, key=lambda point: point.fmr, default=None)

    def before_one_camera(self, fmr: float) -> MeasuredPoint | None:
        """Find the loosest point of references taken before one camera, supported or not."""
        fitting = [
            point
            for point in self.points
            if (point.origin, point.fusion) == ("camera", "single")
            and point.fmr <= fmr * (1 + 1e-9)
        ]
        return max(fitting, key=lambda point: point.fmr, default=None)

    def strictest(self, fusion: Fusion) -> MeasuredPoint | None:
        """Find the supported point with the lowest rate, or None."""
        return min(self._supported(fusion), key=lambda point: point.fmr, default=None)

    def fnmr_by_threshold(self, fusion: Fusion) -> tuple[tuple[float, float], ...]:
        """Return (threshold, FNMR) of single photos, rising; on other people where it was checked.

        Never falling: what fewer refuse at a higher threshold is chance.
        """
        worst, rising = 0.0, []
        for point in sorted(self._supported(fusion), key=lambda one: one.threshold):
            fnmr = point.fnmr if point.check is None else point.check.fnmr
            if fnmr is not None:
                worst = max(worst, fnmr)
                rising.append((point.threshold, worst))
        return tuple(rising)

    def step(self, photos: int) -> float:
        """Return by how much references of this many photos raised the threshold at most.

        For rates that single photos carry and several do not: fewer people have several.
        """
        steps = [
            point.threshold - one.threshold
            for point in self._supported("single", photos)
            for one in self._supported("single")
            if one.fmr == point.fmr
        ]
        return max([0.0, *steps])

    @property
    def photo_counts(self) -> tuple[int, ...]:
        """Of how many photos references were measured, apart from one; rising."""
        counts = {
            point.photos
            for point in self.points
            if point.supported and point.fusion == "single" and point.origin == "elsewhere"
        }
        return tuple(sorted(counts - {1}))

    def _supported(
        self, fusion: Fusion, photos: int = 1, origin: Origin = "elsewhere"
    ) -> list[MeasuredPoint]:
        kind = (True, fusion, photos, origin)
        return [p for p in self.points if (p.supported, p.fusion, p.photos, p.origin) == kind]


class OperatingPointsFile(BundleModel):
    """`operating-points.json`; `sha256` is over the canonical JSON of `sets`.

    Version 2 may say where references were taken and how groups of people fared.
    """

    schema_version: Literal[1, 2] = 2
    sets: tuple[OperatingPoints, ...] = Field(strict=False)
    sha256: Sha256

    @classmethod
    def of(cls, sets: tuple[OperatingPoints, ...]) -> OperatingPointsFile:
        """Make the file's content with its hash."""
        return cls(sets=sets, sha256=hash_of_sets(sets))

    @property
    def is_intact(self) -> bool:
        """True where the hash fits."""
        return self.sha256 == hash_of_sets(self.sets)

    def of_space(self, embedding_space: str) -> OperatingPoints | None:
        """Find the points measured in that embedding space, or None."""
        return next((s for s in self.sets if s.embedding_space == embedding_space), None)


def hash_of_sets(sets: tuple[OperatingPoints, ...]) -> str:
    """Hash what an operating points file says."""
    return sha256_of(canonical_json([one.model_dump(mode="json") for one in sets]))
