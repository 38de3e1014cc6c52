"""Thresholds with their evidence, and the choice of one for a door.

On disk (`operating-points.json`) keyed by embedding space, with a hash of its own: measuring
again changes no reference and no signature of the model.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from edgeverify.bundle.canonical_json import canonical_json, sha256_of
from edgeverify.bundle.manifest import Sha256
from edgeverify.domain import OperatingPoint
from edgeverify.errors import ConfigError
from edgeverify.feeding.statement import BundleModel
from edgeverify.settings import DecisionSettings

Fusion = Literal["single", "mean5"]


_MEAN_FRAMES = 5
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
        """Say whether what was measured is not above the rate that the threshold is named by."""
        return self.fmr <= fmr


class MeasuredPoint(BundleModel):
    """One threshold and what was seen at it.

    `fmr` is the rate it stands for; `false_matches` of `non_mated` comparisons reached the
    threshold, which bounds the true rate by `fmr_upper_95` (Clopper-Pearson, one-sided).
    `supported` is true where that bound is not above `fmr`. `fusion` says on what the score was
    measured: single frames, or means of five; `photos` of how many photos the references were.
    `check` is how it fared on other people.
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

    @model_serializer(mode="wrap")
    def _as_written_before(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what older files do not have, so that their hash stays the same."""
        written: dict[str, Any] = write(self)
        if self.check is None:
            written.pop("check", None)
        if self.photos == 1:
            written.pop("photos", None)
        return written

    @property
    def caution(self) -> str:
        """Say why the evidence is thin, or nothing where it is not."""
        if self.check is None:
            return "the threshold was not checked on people other than it was chosen on"
        if not self.check.holds(self.fmr):
            return (
                f"on other people the threshold let {self.check.fmr:.2g} through, above "
                f"{self.fmr:g}"
            )
        if self.false_matches < _THIN:
            return f"the threshold rests on {self.false_matches} false matches only"
        return ""

    @property
    def evidence(self) -> str:
        """Say in words on what the threshold rests."""
        said = (
            f"{self.false_matches} of {self.non_mated:,} non-mated comparisons on {self.dataset}, "
            f"{self.date}; FMR at most {self.fmr_upper_95:.2g} at 95 %"
        )
        if self.check is None:
            return said
        checked = (
            f"checked on {self.check.people} other people: "
            f"{self.check.false_matches} of {self.check.non_mated:,}"
        )
        if not self.check.holds(self.fmr):
            checked += f", above the rate ({self.check.fmr:.2g})"
        return f"{said}; {checked}"


class OperatingPoints(BundleModel):
    """The measured points of one embedding space."""

    embedding_space: Sha256
    points: tuple[MeasuredPoint, ...] = Field(strict=False)

    def at_most(self, fmr: float, fusion: Fusion, photos: int = 1) -> MeasuredPoint | None:
        """Find the loosest supported point whose rate is not above `fmr`, or None."""
        fitting = [p for p in self._supported(fusion, photos) if p.fmr <= fmr * (1 + 1e-9)]
        return max(fitting, key=lambda point: point.fmr, default=None)

    def strictest(self, fusion: Fusion) -> MeasuredPoint | None:
        """Find the supported point with the lowest rate, or None."""
        return min(self._supported(fusion), key=lambda point: point.fmr, default=None)

    def step(self, photos: int) -> float:
        """Give by how much references of so many photos raised the threshold, at most, 0 or more.

        For rates that single photos carry and so many do not: fewer people have several.
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
        counts = {p.photos for p in self.points if p.supported and p.fusion == "single"}
        return tuple(sorted(counts - {1}))

    def _supported(self, fusion: Fusion, photos: int = 1) -> list[MeasuredPoint]:
        return [p for p in self.points if p.supported and p.fusion == fusion and p.photos == photos]


class OperatingPointsFile(BundleModel):
    """`operating-points.json`; `sha256` is over the canonical JSON of `sets`."""

    schema_version: Literal[1] = 1
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


def choose_operating_point(
    points: OperatingPoints | None,
    settings: DecisionSettings,
    *,
    bundle_name: str,
    references: int = 1,
) -> OperatingPoint:
    """Choose the threshold for `settings.max_fmr`, split over `references` (walk-up: N).

    A threshold written by hand wins and is named so. ConfigError where nothing was measured that
    carries the rate; for walk-up it names the largest N that the evidence supports.
    """
    if settings.threshold is not None:
        return OperatingPoint(
            threshold=settings.threshold, max_fmr=None, evidence="written by hand"
        )
    count = max(1, references)
    fusion: Fusion = "single" if settings.fusion == "votes" else "mean5"
    if fusion == "mean5" and settings.window_frames != _MEAN_FRAMES:
        raise ConfigError(
            f"decision.fusion: mean is measured on means of {_MEAN_FRAMES} scores, and "
            f"decision.window_frames is {settings.window_frames}",
            advice=f"Set window_frames to {_MEAN_FRAMES}, or write decision.threshold by hand.",
        )
    found = None if points is None else points.at_most(settings.max_fmr / count, fusion)
    if points is None or found is None:
        raise _no_evidence(points, settings, bundle_name, count, fusion)
    return OperatingPoint(
        threshold=found.threshold,
        max_fmr=settings.max_fmr / count,
        evidence=found.evidence,
        caution=found.caution,
        for_photos=_for_photos(points, found),
    )


def _for_photos(points: OperatingPoints, found: MeasuredPoint) -> tuple[tuple[int, float], ...]:
    """Choose what references of several photos need at the same rate; never less than fewer do.

    Means of five are measured against single photos: they get the threshold of single frames at
    least, as they do everywhere.
    """
    single = points.at_most(found.fmr, "single")
    least = found.threshold
    chosen = []
    for photos in points.photo_counts:
        measured = points.at_most(found.fmr, "single", photos)
        if measured is not None and measured.fmr == found.fmr:
            least = max(least, measured.threshold)
        elif single is not None:
            least = max(least, single.threshold + points.step(photos))
        chosen.append((photos, least))
    return tuple(chosen)


def _no_evidence(
    points: OperatingPoints | None,
    settings: DecisionSettings,
    bundle_name: str,
    count: int,
    fusion: Fusion,
) -> ConfigError:
    strictest = None if points is None else points.strictest(fusion)
    kind = "single comparisons" if fusion == "single" else "means of five scores (fusion: mean)"
    advice = "Measure it with `edgeverify calibrate`, or write decision.threshold by hand."
    if strictest is None:
        return ConfigError(
            f"the bundle {bundle_name} has no operating points measured on {kind}", advice=advice
        )
    wanted = settings.max_fmr / count
    if count > 1 and strictest.fmr <= settings.max_fmr:
        largest = int(settings.max_fmr / strictest.fmr * (1 + 1e-9))
        return ConfigError(
            f"decision.max_fmr {settings.max_fmr:g} split over {count} references asks for "
            f"{wanted:.2g}, but the bundle {bundle_name} has evidence down to {strictest.fmr:g}: "
            f"walk-up supports at most {largest} references here",
            advice="Enrol fewer people at this door, use a card reader, or measure more pairs.",
        )
    return ConfigError(
        f"decision.max_fmr {settings.max_fmr:g} is stricter than the evidence of the bundle "
        f"{bundle_name}, which reaches down to {strictest.fmr:g}",
        advice=advice,
    )
