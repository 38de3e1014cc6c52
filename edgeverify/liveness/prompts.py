"""What to say to the person at the door."""

from __future__ import annotations

from edgeverify.domain import Prompt
from edgeverify.liveness.actions import WORDS
from edgeverify.liveness.challenge import Challenge, Phase
from edgeverify.settings.liveness import PadSettings

HINT_SECONDS = 3.0


def challenge_prompt(claim_id: str, challenge: Challenge) -> Prompt | None:
    """Word what a challenge wants right now; None where there is nothing more to say."""
    asked = challenge.asked
    if asked is not None:
        return Prompt(
            claim_id=claim_id,
            kind=asked.value,
            text=WORDS[asked],
            expires_in_seconds=challenge.settings.step_seconds,
        )
    if challenge.phase in {Phase.PAUSE, Phase.RETURN}:
        return Prompt(
            claim_id=claim_id,
            kind="look_ahead",
            text="look straight at the camera",
            expires_in_seconds=challenge.settings.step_seconds,
        )
    return None


def size_hint(claim_id: str, settings: PadSettings) -> Prompt:
    """Say that the face cannot be judged at this distance."""
    return Prompt(
        claim_id=claim_id,
        kind="hint",
        text="come a little closer, or step back a little: your face must be "
        f"{settings.min_face_pixels:.0f} to {settings.max_face_pixels:.0f} pixels wide",
        expires_in_seconds=HINT_SECONDS,
    )
