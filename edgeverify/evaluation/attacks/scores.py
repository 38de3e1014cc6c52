"""Run every frame once through the door's own stages, and keep what the cues need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from edgeverify.domain import Embedding, FaceBox, LivenessCues, QualityFigures, Refusal, RgbImage
from edgeverify.evaluation.frame_runs import FrameRun, timed_frames
from edgeverify.liveness.passive import looks_ahead
from edgeverify.settings import PadSettings
from edgeverify.verifier.pipeline import Pipeline


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoredFrame:
    """One frame: either refused by a gate, or embedded and judged.

    `at` is seconds from the run's begin. `live_probability` is P(live) as the door would see it
    if this frame matched: None where the face was refused, or is of a size or pose that is not
    judged. `at_any_pose` is the same however the head is turned. `quality` is what the gates read,
    None where no face was measured.
    """

    at: float
    refusal: Refusal | None
    embedding: Embedding | None
    cues: LivenessCues | None
    quality: QualityFigures | None = None
    at_any_pose: float | None = None

    @property
    def live_probability(self) -> float | None:
        """P(live), 0 to 1, or None."""
        return self.cues.live_probability if self.cues else None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoredRun:
    """One presentation after its one pass; `species` is None for bona fide."""

    run: FrameRun
    species: str | None
    frames: tuple[ScoredFrame, ...]

    @property
    def probabilities(self) -> tuple[float, ...]:
        """P(live) of the frames that were judged, in order."""
        found = (frame.live_probability for frame in self.frames)
        return tuple(p for p in found if p is not None)


class PoseBlindPad(Protocol):
    """A PAD stage that judges faces however they are turned, which the door would not ask of it."""

    def at_any_pose(self, rgb: RgbImage, box: FaceBox) -> float | None:
        """Return P(live), 0 to 1; None where the face is of a size that is not judged."""


def score_run(
    run: FrameRun, species: str | None, pipeline: Pipeline, pad: PoseBlindPad, rules: PadSettings
) -> ScoredRun:
    """Take every frame of a run through detection, mesh, gates, embedding and PAD.

    The gates are those of the pipeline's own quality settings, `rules` say how far a head may be
    turned to be judged.
    """
    frames: list[ScoredFrame] = []
    for at, rgb in timed_frames(run):
        seen = pipeline.probe(rgb, gates=pipeline.quality)
        cues = None
        if seen.face is not None:
            cues = LivenessCues(
                pose=seen.face.pose,
                eye_aspect_ratio=seen.face.eye_aspect_ratio,
                mesh=seen.face.mesh,
                embedding=seen.embedding,
            )
        blind = None
        if cues is not None and seen.face is not None and seen.embedding is not None:
            blind = pad.at_any_pose(rgb, seen.face.box)
            if looks_ahead(cues.pose, rules):
                cues = replace(cues, live_probability=blind)
        frames.append(
            ScoredFrame(
                at=at,
                refusal=seen.refusal,
                embedding=seen.embedding,
                cues=cues,
                quality=seen.quality,
                at_any_pose=blind,
            )
        )
    return ScoredRun(run=run, species=species, frames=tuple(frames))
