"""What became of one image before any gate: one look serves gates off and gates on."""

from __future__ import annotations

from dataclasses import dataclass

from edgeverify.domain import HeadPose, QualityFigures, Refusal, Vector
from edgeverify.settings import QualitySettings
from edgeverify.vision.quality import refuse


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Acquired:
    """One image after the door's own detection, alignment and network, with no quality gate.

    `digest` is the SHA-256 (hex) of the file. Either `refusal` says why there is nothing to
    compare (no face, several faces, mesh lost), or `values` is the embedding as a probe and
    `reference_values` the one as a reference, float32 (d,), of length 1 where the model
    normalises; `figures` and `pose` are what the gates look at.
    """

    digest: str
    refusal: Refusal | None = None
    figures: QualityFigures | None = None
    pose: HeadPose | None = None
    values: Vector | None = None
    reference_values: Vector | None = None

    def __post_init__(self) -> None:
        if (self.refusal is None) == (self.values is None):
            raise ValueError("an image is either refused or embedded")
        if (self.values is None) != (self.reference_values is None):
            raise ValueError("an image is embedded for both sides, or for none")

    def refused_by(self, gates: QualitySettings | None) -> Refusal | None:
        """Return why this image would not be compared under `gates`; None: no quality gates."""
        if self.refusal is not None or gates is None:
            return self.refusal
        if self.figures is None or self.pose is None:
            raise ValueError("an embedded image has figures")
        return refuse(self.figures, self.pose, gates)
