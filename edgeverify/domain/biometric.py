"""What a model makes of a face, and what comparing two of them says."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from edgeverify.domain.arrays import Vector
from edgeverify.how_many import how_many


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Embedding:
    """What a model makes of a face; only comparable within one `embedding_space` (hex SHA-256)."""

    values: Vector
    embedding_space: str

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or self.values.dtype != np.float32:
            raise ValueError(
                f"an embedding is float32 (n,), not {self.values.dtype} {self.values.shape}"
            )
        if not np.isfinite(self.values).all():
            raise ValueError("an embedding must be finite")


SMALL_PHOTO_PIXELS = 35.0
"""Between the eyes. Photos of fewer were refused once; they are held to a tighter threshold now."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """What the door knows about one person: the fused embedding of their ID-card photos.

    `camera_photo_count` of the photos were taken before the door's own camera, not elsewhere.
    `is_small`: in none of them are the eyes SMALL_PHOTO_PIXELS apart.
    """

    card: str
    name: str
    embedding: Embedding
    photo_count: int
    camera_photo_count: int = 0
    is_small: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """A threshold, always with the false match rate it was set at.

    `max_fmr` is the rate per comparison of one probe frame with one reference; None where a person
    wrote the threshold by hand. `evidence` says in words on what it was measured.
    """

    threshold: float
    max_fmr: float | None
    evidence: str
    worst_group: str = ""
    """In words how the group of people fared that is confused most; empty where none was
    measured."""
    not_held: str = ""
    """The same, where a group of people was confused more often than this rate and the default
    one allow; else empty."""
    caution: str = ""
    """Why the evidence is thin; empty where it is not."""
    for_photos: tuple[tuple[int, float], ...] = ()
    """Thresholds of references of several photos, (photos, threshold), photos rising: such a
    reference is nearer to everybody, so the same rate needs a higher one. Empty: `threshold`."""
    for_camera: float | None = None
    """Threshold of references with a picture of the door's own camera, before which people look
    more alike; None where none is known, and then `threshold` counts."""
    camera_evidence: str = ""
    """In words on what that threshold rests."""
    for_small: float | None = None
    """Threshold of references whose photos are all small (`Reference.is_small`); None where no
    tighter one is known, and then `threshold` counts."""
    fnmr_by_threshold: tuple[tuple[float, float], ...] = ()
    """What was measured of the frames that higher thresholds refuse: (threshold, FNMR), rising."""
    raised: Mapping[str, float] = field(default_factory=dict)
    """Higher thresholds of single cards, whose owner another of the door's people resembles."""

    @property
    def promise(self) -> tuple[str, ...]:
        """Return in lines which rate stands, on what it rests, and for whom it was worst."""
        if self.max_fmr is None:
            return (f"threshold {self.threshold:.4f} {self.evidence}: no rate is promised",)
        worst = self.worst_group or "no group of people was measured"
        rate = f"threshold {self.threshold:.4f} for FMR {self.max_fmr:g} of one frame"
        lines = (f"{rate}: {self.evidence}", f"  {worst}")
        return (*lines, f"  thin: {self.caution}") if self.caution else lines

    def cautions_of(self, references: Collection[Reference]) -> tuple[str, ...]:
        """Return why the evidence is thin for some of these people, in words."""
        if self.max_fmr is None:
            return ()
        said = []
        several = sum(one.photo_count > 1 for one in references)
        if several and not self.for_photos:
            said.append(
                f"{_some(several)} several photos, and such references match others more often, "
                "and the threshold was measured on single ones: run edgeverify calibrate"
            )
        shot = sum(one.camera_photo_count > 0 for one in references)
        if shot:
            said.append(
                f"{_some(shot)} a picture of this door's own camera, before which "
                f"everybody looks more alike; their threshold: {self.camera_evidence}"
            )
        return tuple(said)

    def threshold_of(self, reference: Reference) -> float:
        """Return the threshold that a reference is held to: of its photos, or its card's own."""
        own = self.threshold_for(reference.photo_count)
        if reference.camera_photo_count and self.for_camera is not None:
            # Several photos are nearer to everybody, before one camera as elsewhere.
            own = max(own, self.for_camera + (own - self.threshold))
        if reference.is_small and self.for_small is not None:
            own = max(own, self.for_small)
        return max(own, self.raised.get(reference.card, -math.inf))

    def fnmr_at(self, threshold: float) -> float | None:
        """Return the share of a person's frames that `threshold` refuses, 0 to 1, rounded up.

        None beyond the highest threshold that was measured, and where none was.
        """
        reached = [fnmr for measured, fnmr in self.fnmr_by_threshold if measured >= threshold]
        return reached[0] if reached else None

    def threshold_for(self, photos: int) -> float:
        """Return the threshold of a reference of this many photos.

        Between two numbers that were measured the larger counts, beyond the largest that one.
        """
        if photos < 2 or not self.for_photos:
            return self.threshold
        fitting = [threshold for count, threshold in self.for_photos if count >= photos]
        return fitting[0] if fitting else self.for_photos[-1][1]


def _some(people: int) -> str:
    return how_many(people, "of the people has", "of the people have")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One probe against one reference. Higher scores are more similar, whatever the metric.

    `is_ambiguous` is only ever true for walk-up claims: two references scored above the threshold.
    """

    card: str
    score: float
    threshold: float
    is_ambiguous: bool = False

    @property
    def is_match(self) -> bool:
        """True at or above the threshold; never when the score is not a number."""
        return not self.is_ambiguous and self.score >= self.threshold
