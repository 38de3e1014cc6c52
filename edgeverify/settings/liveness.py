"""`pad:` and `challenge:`: the two ways to prove that a person stands there."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from edgeverify.settings.section import Section, require_below

LivenessMode = Literal["auto", "passive", "challenge", "both", "off"]


class PadSettings(Section):
    """Passive presentation attack detection."""

    threshold: float | None = Field(default=None, gt=0, lt=1)
    """P(live) that the mean over the frames must reach; empty: the bundle's operating point."""
    min_frames: int = Field(default=3, ge=1, le=50)
    """Frames that must have been judged before liveness can pass."""
    min_face_pixels: float = Field(default=80.0, ge=10)
    """Smaller faces are not judged, hence never pass."""
    max_face_pixels: float = Field(default=400.0, ge=20)
    """Larger faces are not judged either."""
    max_yaw_degrees: float = Field(default=15.0, gt=0, le=90)
    """Turned further to the side, a face is not judged; the door waits until it looks ahead."""
    max_pitch_degrees: float = Field(default=25.0, gt=0, le=90)
    """The same for up and down; wider, because cameras hang high or low."""
    max_roll_degrees: float = Field(default=12.0, gt=0, le=90)
    """The same for a tilt to a shoulder."""
    wait_seconds: float = Field(default=3.0, ge=0, le=30)
    """Once the face was verified, the door waits at least this long for a frame to judge."""

    @model_validator(mode="after")
    def _some_face_can_be_judged(self) -> Self:
        require_below(self, "min_face_pixels", "max_face_pixels", "no face could ever be judged")
        return self


class ChallengeSettings(Section):
    """Active challenge: blink, turn left, turn right, nod, drawn at random."""

    steps: int = Field(default=3, ge=1, le=10)
    """How many actions are asked for, one after the other."""
    step_seconds: float = Field(default=4.0, ge=1, le=30)
    """Time for each step, from its prompt."""
    min_delay_seconds: float = Field(default=0.4, ge=0, le=10)
    """Shortest random pause before a step is asked for."""
    max_delay_seconds: float = Field(default=1.2, ge=0, le=10)
    """Each prompt comes at a random moment between these, after the step before."""
    retries: int = Field(default=0, ge=0, le=3)
    """New draws allowed in one transaction after a step timed out."""
    turn_degrees: float = Field(default=20.0, ge=5, le=60)
    """How far the head must turn to the side that was asked for."""
    nod_degrees: float = Field(default=12.0, ge=5, le=45)
    """How far the head must dip."""
    blink_ratio: float = Field(default=0.75, gt=0.2, lt=1)
    """Eye aspect ratio, as a share of the person's own open eyes, below which eyes are shut however
    much they vary; a smaller fall counts where it stands out from how much they vary."""
