"""One transaction's liveness: every cue reads each frame, and the worst of them counts."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from edgeverify.domain import Asked, HeadPose, Liveness, LivenessCues, Observation, Prompt
from edgeverify.liveness.actions import draw_challenge
from edgeverify.liveness.blink import BlinkDetector
from edgeverify.liveness.challenge import Challenge, Phase
from edgeverify.liveness.passive import PadFusion, looks_ahead
from edgeverify.liveness.plan import LivenessPlan
from edgeverify.liveness.planarity import Planarity
from edgeverify.liveness.posture import ahead
from edgeverify.liveness.stillness import Stillness
from edgeverify.settings.liveness import ChallengeSettings, PadSettings

HINT_SECONDS = 3.0


def challenge_prompt(claim_id: str, challenge: Challenge) -> Prompt | None:
    """Word what a challenge wants right now; None where there is nothing more to say."""
    asked = challenge.asked
    if asked is not None:
        return Prompt(
            claim_id=claim_id,
            kind=asked.value,
            text=asked.request.value,
            code=asked.request.code,
            expires_in_seconds=challenge.settings.step_seconds,
        )
    if challenge.phase in {Phase.PAUSE, Phase.RETURN}:
        return Prompt(
            claim_id=claim_id,
            kind="look_ahead",
            text=Asked.LOOK_AHEAD.value,
            code=Asked.LOOK_AHEAD.code,
            expires_in_seconds=challenge.settings.step_seconds,
        )
    return None


def pose_hint(claim_id: str) -> Prompt:
    """Ask somebody whose face matches, but is turned too far for PAD, to look ahead."""
    return Prompt(
        claim_id=claim_id,
        kind="look_ahead",
        text=Asked.LOOK_AHEAD.value,
        code=Asked.LOOK_AHEAD.code,
        expires_in_seconds=HINT_SECONDS,
    )


def size_hint(claim_id: str, settings: PadSettings) -> Prompt:
    """Report that the face cannot be judged at this distance."""
    return Prompt(
        claim_id=claim_id,
        kind="hint",
        text=f"{Asked.CLOSER_OR_BACK}: your face must be "
        f"{settings.min_face_pixels:.0f} to {settings.max_face_pixels:.0f} pixels wide",
        code=Asked.CLOSER_OR_BACK.code,
        expires_in_seconds=HINT_SECONDS,
    )


POSES_FOR_ZERO = 5
DENIALS = frozenset({Liveness.PRESENTATION_ATTACK, Liveness.CHALLENGE_FAILED, Liveness.UNAVAILABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeRules:
    """What a judge needs of the settings.

    `pad_threshold` is `pad.threshold`, or the bundle's own; `required_matches` is the decision's
    k: this many matching frames must have been seen before a challenge begins.
    """

    plan: LivenessPlan
    pad: PadSettings
    pad_threshold: float
    challenge: ChallengeSettings
    required_matches: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LivenessReport:
    """The figures behind the judgement, for the journal; None where a cue was not read."""

    verdict: Liveness
    pad_mean: float | None
    pad_frames: int
    still_pairs: int
    lowest_similarity: float
    flat_frames: int
    challenge_actions: tuple[str, ...]
    challenge_failure: str


class Judge:
    """Made for every transaction; `observe` is given every frame, in order.

    `since` is when the claim was received (monotonic seconds): frames captured before do not
    count. `source` draws the challenge: `random.SystemRandom()` at a door.
    """

    def __init__(
        self, rules: JudgeRules, *, claim_id: str, since: float, source: random.Random
    ) -> None:
        self._rules = rules
        self._claim_id = claim_id
        self._last_at = since
        self._source = source
        self._pad = PadFusion(threshold=rules.pad_threshold, min_frames=rules.pad.min_frames)
        self._still = Stillness()
        self._plane = Planarity()
        self._blink = BlinkDetector(closing_ratio=rules.challenge.blink_ratio)
        self._poses: tuple[HeadPose, ...] = ()
        self._matches = 0
        self._challenge: Challenge | None = None
        self._verdict = Liveness.PENDING
        self._said: Prompt | None = None
        self._prompts: list[Prompt] = []

    def observe(self, observation: Observation) -> Liveness:
        """Take in one frame and give the judgement over all frames so far; a denial stays."""
        plan = self._rules.plan
        if plan.is_off:
            return Liveness.NOT_REQUIRED
        if not plan.can_run:
            self._verdict = Liveness.UNAVAILABLE
        if self._verdict in DENIALS or not observation.at > self._last_at:
            return self._verdict
        self._last_at = observation.at
        self._read(observation)
        self._verdict = self._judge()
        self._say(observation)
        return self._verdict

    def prompts(self) -> tuple[Prompt, ...]:
        """Take what is to be shown since the last call."""
        prompts, self._prompts = tuple(self._prompts), []
        return prompts

    def report(self) -> LivenessReport:
        """Return the figures so far."""
        challenge = self._challenge
        return LivenessReport(
            verdict=self._verdict,
            pad_mean=self._pad.mean,
            pad_frames=len(self._pad.probabilities),
            still_pairs=self._still.pairs,
            lowest_similarity=self._still.lowest,
            flat_frames=self._plane.flat_frames,
            challenge_actions=tuple(a.value for a in challenge.draws[0].actions)
            if challenge
            else (),
            challenge_failure=challenge.why if challenge else "",
        )

    def _read(self, observation: Observation) -> None:
        cues, comparison = observation.cues, observation.comparison
        if self._challenge is not None:
            self._challenge = self._challenge.observe(observation)
        if cues is None:
            return
        self._plane = self._plane.observe(cues.mesh, cues.pose)
        if comparison is None or not comparison.is_match:
            return
        self._matches += 1
        self._still = self._still.observe(observation.at, cues.embedding)
        if self._rules.plan.passive:
            self._pad = self._pad.observe(cues.live_probability)
        if self._rules.plan.challenge and self._challenge is None:
            self._prepare(observation.at, cues)

    def _prepare(self, at: float, cues: LivenessCues) -> None:
        """Learn how this person looks ahead, and begin once the face was verified."""
        self._poses = (*self._poses, cues.pose)[-POSES_FOR_ZERO:]
        self._blink = self._blink.observe(at, cues.eye_aspect_ratio)
        if self._matches < self._rules.required_matches:
            return
        settings = self._rules.challenge
        self._challenge = Challenge(
            settings=settings,
            draws=tuple(
                draw_challenge(settings, self._source) for _ in range(1 + settings.retries)
            ),
            zero=ahead(self._poses),
            since=at,
            blink=replace(self._blink, is_new=False),
        )

    def _judge(self) -> Liveness:
        if self._plane.is_flat or self._still.is_still:
            return Liveness.PRESENTATION_ATTACK
        needed: list[Liveness] = []
        if self._rules.plan.passive:
            needed.append(self._pad.verdict)
        if self._rules.plan.challenge:
            needed.append(self._challenge.verdict if self._challenge else Liveness.PENDING)
        for verdict in needed:
            if verdict in DENIALS:
                return verdict
        is_proven = all(verdict is Liveness.PASSED for verdict in needed)
        return Liveness.PASSED if is_proven and self._still.has_changed else Liveness.PENDING

    def _say(self, observation: Observation) -> None:
        prompt = self._wanted(observation)
        if prompt is not None and prompt != self._said:
            self._said = prompt
            self._prompts.append(prompt)

    def _wanted(self, observation: Observation) -> Prompt | None:
        challenge = self._challenge
        if challenge is not None and challenge.phase is not Phase.PASSED:
            return challenge_prompt(self._claim_id, challenge)
        cues, comparison = observation.cues, observation.comparison
        if not self._rules.plan.passive or comparison is None or not comparison.is_match:
            return None
        if cues is None or cues.live_probability is not None:
            return None
        if not looks_ahead(cues.pose, self._rules.pad):
            return pose_hint(self._claim_id)
        return size_hint(self._claim_id, self._rules.pad)
