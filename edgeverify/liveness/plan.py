"""From the `liveness:` setting and what is installed to what will be asked of a person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edgeverify.settings.liveness import ChallengeSettings, LivenessMode, PadSettings

MARGIN_SECONDS = 2.0
"""Time after the last step of a challenge to face the camera again and be compared."""


class PadState(str, Enum):
    """The presentation attack detection bundle, as the door found it at start."""

    WORKING = "working"
    BROKEN = "broken"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class LivenessPlan:
    """Which proofs a transaction needs: all that are named here, none of them instead of another.

    `can_run` is False where a needed part does not work; every transaction is then denied
    `liveness_unavailable`. Neither proof needed means that liveness was switched off by hand.
    """

    passive: bool
    challenge: bool
    can_run: bool = True

    @property
    def is_off(self) -> bool:
        """True only for `liveness: off`; then the cheap cues are off too."""
        return not self.passive and not self.challenge


def plan_liveness(mode: LivenessMode, pad: PadState) -> LivenessPlan:
    """Resolve the mode. `auto` is passive where a PAD bundle is installed, else challenge.

    A bundle that is installed and broken does not turn `auto` into a challenge: somebody could
    choose the easier proof by breaking a file.
    """
    if mode == "off":
        return LivenessPlan(passive=False, challenge=False)
    passive = mode in {"passive", "both"} or (mode == "auto" and pad is not PadState.ABSENT)
    challenge = mode in {"challenge", "both"} or not passive
    can_run = not passive or pad is PadState.WORKING
    return LivenessPlan(passive=passive, challenge=challenge, can_run=can_run)


def without_colour(plan: LivenessPlan, mode: LivenessMode) -> LivenessPlan:
    """Return the plan for a camera whose pictures have no colour.

    The PAD networks were measured on colour: on the same pictures turned grey they refuse 11 of 56
    live windows instead of none. `auto` then asks for a challenge, which needs no colour; a mode
    that was chosen by hand stands. A bundle that is broken stays broken.
    """
    if mode != "auto" or not plan.passive or not plan.can_run:
        return plan
    return LivenessPlan(passive=False, challenge=True)


def seconds_needed(plan: LivenessPlan, settings: ChallengeSettings, pad: PadSettings) -> float:
    """Return the seconds that the proof of life may take after the face was verified.

    Without a challenge: for somebody who was verified while turned to look ahead, where PAD can
    judge them; nothing where no proof is needed. With one: enough for every step to be answered,
    and the face to come back, at the last moment: a challenge that is not done in time fails by
    itself, so nobody waits for the deadline to escape being charged.
    """
    if not plan.challenge:
        return pad.wait_seconds if plan.passive else 0.0
    pause = max(settings.min_delay_seconds, settings.max_delay_seconds)
    one_step = pause + 2 * settings.step_seconds
    unseen_blink = pause + settings.step_seconds
    again = settings.retries * settings.step_seconds
    one_draw = settings.steps * one_step + unseen_blink
    return one_draw * (1 + settings.retries) + again + MARGIN_SECONDS
