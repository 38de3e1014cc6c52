"""Somebody who moves their head in front of a door: poses, eyes and a mesh, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from edgeverify.domain import (
    Comparison,
    Embedding,
    Gate,
    HeadPose,
    LivenessCues,
    Observation,
    Points,
    Reason,
    Refusal,
)
from edgeverify.liveness.actions import Action

OPEN, SHUT = 0.30, 0.15
NO_FACE = Refusal(reason=Reason.NO_FACE, gate=Gate.NO_FACE, hint="step in front")
TWO_FACES = Refusal(reason=Reason.MULTIPLE_FACES, gate=Gate.MULTIPLE_FACES, hint="one at a time")
TURNED = Refusal(reason=Reason.POOR_QUALITY, gate=Gate.TURNED_AWAY, hint="look at the camera")


def head(*, x: float = 300.0, y: float = 300.0, size: float = 200.0) -> Points:
    """A mesh in the plane of the picture, for those that only ask where a face is."""
    rng = np.random.default_rng(5)
    points = np.zeros((468, 3), np.float32)
    points[:, 0] = x + (rng.random(468) - 0.5) * 0.8 * size
    points[:, 1] = y + (rng.random(468) - 0.5) * size
    return points


@dataclass
class Actor:
    """Moves at `rate` frames per second; every call gives the observations of that movement."""

    rate: float = 15.0
    at: float = 100.0
    sequence: int = 0
    x: float = 300.0
    size: float = 200.0
    seen: list[Observation] = field(default_factory=list)

    def looks(
        self,
        *,
        yaw: float = 0.0,
        pitch: float = 0.0,
        eyes: float = OPEN,
        score: float = 0.8,
        live: float | None = 0.99,
        refusal: Refusal | None = None,
        similarity: float | None = 0.98,
    ) -> Observation:
        """One frame of a face."""
        cues = LivenessCues(
            pose=HeadPose(yaw_degrees=yaw, pitch_degrees=pitch, roll_degrees=0.0),
            eye_aspect_ratio=eyes,
            mesh=head(x=self.x, size=self.size),
            live_probability=live,
            embedding=self._embedding(similarity),
        )
        comparison = None
        if refusal is None:
            comparison = Comparison(card="0042", score=score, threshold=0.5)
        return self._frame(cues, comparison, refusal)

    def is_away(self, refusal: Refusal = NO_FACE) -> Observation:
        """One frame without a face to follow."""
        return self._frame(None, None, refusal)

    def performs(self, action: Action) -> list[Observation]:
        """The frames of one action, beginning and ending with looking ahead."""
        if action is Action.BLINK:
            return [self.looks(eyes=e) for e in (OPEN, OPEN, SHUT, SHUT, OPEN, OPEN)]
        if action is Action.NOD:
            return [self.looks(pitch=-p) for p in (0, 4, 10, 15, 15, 8, 3, 0)]
        sign = 1 if action is Action.TURN_LEFT else -1
        return [self.looks(yaw=sign * y, score=0.8 - y / 60) for y in (0, 5, 12, 22, 25, 15, 5, 0)]

    def _embedding(self, similarity: float | None) -> Embedding | None:
        """Sway: every other frame is so similar to those in between."""
        if similarity is None:
            return None
        angle = np.arccos(similarity) * (self.sequence % 2)
        values = np.array([np.cos(angle), np.sin(angle)], np.float32)
        return Embedding(values=values, embedding_space="s")

    def _frame(
        self,
        cues: LivenessCues | None,
        comparison: Comparison | None,
        refusal: Refusal | None,
    ) -> Observation:
        self.sequence += 1
        self.at += 1 / self.rate
        observation = Observation(
            frame_sequence=self.sequence,
            at=self.at,
            refusal=refusal,
            comparison=comparison,
            cues=cues,
        )
        self.seen.append(observation)
        return observation
