"""The challenge: a pure state machine from frames to passed or failed.

A door asks, the person does it, looks ahead again and is compared, and the next step is asked
after a random pause. Everything has its time and its order; what was not asked for fails it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

from edgeverify.domain import Liveness, LivenessCues, Observation
from edgeverify.liveness.actions import Action, Draw
from edgeverify.liveness.blink import BlinkDetector
from edgeverify.liveness.continuity import TOO_SLOW, Continuity
from edgeverify.liveness.posture import Ahead, action_shown, has_come_up, is_neutral, share_of
from edgeverify.settings.liveness import ChallengeSettings

MIN_REACTION_SECONDS = 0.15
"""Nobody answers a prompt sooner; whoever does knew it before it was asked."""
MAX_MISMATCHES = 3
"""So many compared frames in a row, looking ahead, that do not match: somebody else stands there.
One blurred frame must not fail a person; turned frames are not counted, they score lower."""


MATCHED_SHARE = 0.6
"""A turn or nod counts only when the face matched somewhere this far into it, on the way out or
back. A photo lowered for an accomplice's turn hardly does: turned by 50 degrees a flat picture
reads as at most 11 of 20 degrees, tilted by 40 as 7 of 12, and by then `planarity` knows it
(docs/liveness.md, 'Flatness')."""
NOT_BEGUN = -1
"""The step before the first one: a new draw waits until the person looks ahead."""


class Phase(str, Enum):
    """Where a challenge stands within its step."""

    PAUSE = "pause"
    ASKED = "asked"
    RETURN = "return"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """State after the frames seen so far; times are capture times in seconds.

    `draws` are the draw in use and those left for retries, `step` counts from 0
    (NOT_BEGUN before a second draw's first), `zero` is how
    this person looks ahead. Of the action
    asked for: `has_reached` its full angle, `has_matched` on the way, and `is_spoiled` a blink
    during which another face was seen. `failure` says in words why it failed, for the journal.
    """

    settings: ChallengeSettings
    draws: tuple[Draw, ...]
    zero: Ahead
    since: float
    blink: BlinkDetector
    phase: Phase = Phase.PAUSE
    step: int = 0
    has_reached: bool = False
    has_matched: bool = False
    is_spoiled: bool = False
    mismatches: int = 0
    continuity: Continuity = field(default_factory=Continuity)
    failure: str = ""

    @property
    def asked(self) -> Action | None:
        """The action that is asked for right now."""
        return self.draws[0].actions[self.step] if self.phase is Phase.ASKED else None

    @property
    def why(self) -> str:
        """In words why it failed or could not be judged, for the journal."""
        return TOO_SLOW if self.continuity.too_slow and not self.failure else self.failure

    @property
    def verdict(self) -> Liveness:
        """`PENDING` until the last step was done and the person looked ahead again."""
        if self.continuity.too_slow:
            return Liveness.UNAVAILABLE
        if self.phase is Phase.FAILED:
            return Liveness.CHALLENGE_FAILED
        return Liveness.PASSED if self.phase is Phase.PASSED else Liveness.PENDING

    def observe(self, observation: Observation) -> Challenge:
        """Take in one frame, captured after all those before.

        A challenge that has passed is still watched over until the door decides.
        """
        if self.phase is Phase.FAILED or self.continuity.too_slow:
            return self
        seen = replace(self, continuity=self.continuity.observe(observation))
        if seen.continuity.broken:
            return _failed(seen, seen.continuity.broken)
        cues = observation.cues
        is_ahead = cues is not None and is_neutral(cues.pose, self.zero, self.settings)
        is_match = observation.comparison is not None and observation.comparison.is_match
        seen = _blinked(seen, observation.at, cues if is_ahead else None, is_match=is_match)
        if is_ahead:
            seen = _count_mismatches(seen, observation)
        if seen.phase in {Phase.PASSED, Phase.FAILED}:
            return seen
        return _advanced(seen, observation.at, cues, is_ahead=is_ahead, is_match=is_match)


def _blinked(seen: Challenge, at: float, cues: LivenessCues | None, *, is_match: bool) -> Challenge:
    """Read the eyes of a face that looks ahead; another's frame spoils a blink."""
    if cues is not None:
        speed = seen.continuity.speed
        blink = seen.blink.observe(at, cues.eye_aspect_ratio, speed=speed)
    else:
        blink = replace(seen.blink, is_new=False)
    is_during = blink.shut_since is not None or blink.is_new
    is_other = cues is None or not is_match
    return replace(seen, blink=blink, is_spoiled=is_during and (seen.is_spoiled or is_other))


def _count_mismatches(seen: Challenge, observation: Observation) -> Challenge:
    if observation.comparison is None:
        return seen
    mismatches = 0 if observation.comparison.is_match else seen.mismatches + 1
    counted = replace(seen, mismatches=mismatches)
    return counted if mismatches < MAX_MISMATCHES else _failed(counted, "the face changed")


def _advanced(
    seen: Challenge, at: float, cues: LivenessCues | None, *, is_ahead: bool, is_match: bool
) -> Challenge:
    shown = action_shown(cues.pose, seen.zero, seen.settings) if cues is not None else None
    waited = at - seen.since
    if seen.phase is Phase.PAUSE:
        if shown is not None:
            return _failed(seen, f"{shown.value} before anything was asked")
        if waited < seen.draws[0].delays[seen.step]:
            return seen
        ready = _readable(seen)
        return replace(ready, phase=Phase.ASKED, since=at, has_reached=False, has_matched=False)
    if seen.phase is Phase.RETURN:
        return _returning(seen, at, shown, is_home=is_ahead and is_match)
    if waited > seen.settings.step_seconds:
        return _timed_out(seen, at)
    return _answering(seen, at, shown, cues, is_match=is_match)


def _readable(seen: Challenge) -> Challenge:
    """Ask no blink of eyes that vary by themselves as much as a blink moves them."""
    now = seen.draws[0]
    is_blink = now.actions[seen.step] is Action.BLINK
    if not is_blink or not now.instead or seen.blink.is_readable:
        return seen
    return replace(seen, draws=(now.without_blinks(), *seen.draws[1:]))


def _answering(
    seen: Challenge, at: float, shown: Action | None, cues: LivenessCues | None, *, is_match: bool
) -> Challenge:
    asked = seen.draws[0].actions[seen.step]
    earliest = seen.since + MIN_REACTION_SECONDS
    if shown is not None and shown is not asked:
        return _failed(seen, f"{shown.value} instead of {asked.value}")
    if shown is not None and at < earliest:
        return _failed(seen, f"{asked.value} before it could be answered")
    if asked is Action.BLINK:
        began = seen.blink.blinked_at
        is_done = seen.blink.is_new and began is not None and began >= earliest
        is_done = is_done and not seen.is_spoiled
        return replace(seen, phase=Phase.RETURN, since=at) if is_done else seen
    if cues is None:
        return seen
    share = share_of(asked, cues.pose, seen.zero, seen.settings)
    moved = replace(
        seen,
        has_reached=seen.has_reached or shown is asked,
        has_matched=seen.has_matched or (is_match and share >= MATCHED_SHARE),
    )
    is_done = moved.has_reached and moved.has_matched
    if asked is Action.NOD:
        is_done = is_done and has_come_up(cues.pose, seen.zero, seen.settings)
    return replace(moved, phase=Phase.RETURN, since=at) if is_done else moved


def _returning(seen: Challenge, at: float, shown: Action | None, *, is_home: bool) -> Challenge:
    done = seen.draws[0].actions[seen.step] if seen.step >= 0 else shown
    if shown is not done and shown is not None:
        return _failed(seen, f"{shown.value} before anything was asked")
    if at - seen.since > seen.settings.step_seconds:
        return _timed_out(seen, at)
    if not is_home:
        return seen
    if seen.step + 1 == len(seen.draws[0].actions):
        return replace(seen, phase=Phase.PASSED, since=at)
    return replace(seen, phase=Phase.PAUSE, since=at, step=seen.step + 1)


def _timed_out(seen: Challenge, at: float) -> Challenge:
    now = seen.draws[0]
    if seen.asked is Action.BLINK and now.instead:
        # Nobody is refused for eyes that cannot be read: another action is asked, once.
        draws = (now.without_blinks(), *seen.draws[1:])
        return replace(seen, draws=draws, phase=Phase.PAUSE, since=at)
    left = seen.draws[1:]
    if not left:
        return _failed(seen, f"step {seen.step + 1} took too long")
    return replace(seen, draws=left, phase=Phase.RETURN, since=at, step=NOT_BEGUN)


def _failed(seen: Challenge, why: str) -> Challenge:
    return replace(seen, phase=Phase.FAILED, failure=why)
