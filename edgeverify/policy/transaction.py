"""One claim's way to a decision, frame by frame. It holds the only grant in the code base.

Its window holds the last n compared frames, and says whether they are enough to let somebody in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from edgeverify.domain import Claim, Comparison, Decision, Liveness, Observation, Outcome, Reason
from edgeverify.settings.decision import DecisionSettings


def proven_card(window: Sequence[Comparison], rules: DecisionSettings) -> str | None:
    """Return the one card that the window proves, or None.

    `window` holds the last n comparisons in order of capture, matches and mismatches alike. With
    `votes` at least k of them match that card and the newest is one of these; with `mean` the
    window is full and the mean raw score reaches the threshold. Matches of two cards in one
    window prove nobody.
    """
    if not window:
        return None
    if rules.fusion == "mean":
        return _by_mean(window, rules.window_frames)
    return _by_votes(window, rules.required_matches)


def names_two_people(window: Sequence[Comparison]) -> bool:
    """Return whether frames of one window matched different cards, or one frame matched two."""
    cards = {comparison.card for comparison in window if comparison.is_match}
    return len(cards) > 1 or any(comparison.is_ambiguous for comparison in window)


def _by_votes(window: Sequence[Comparison], required: int) -> str | None:
    if names_two_people(window) or not window[-1].is_match:
        return None
    votes = Counter(comparison.card for comparison in window if comparison.is_match)
    card = window[-1].card
    return card if votes[card] >= required else None


def _by_mean(window: Sequence[Comparison], frames: int) -> str | None:
    cards = {comparison.card for comparison in window}
    if len(window) < frames or len(cards) != 1 or names_two_people(window):
        return None
    threshold = max(comparison.threshold for comparison in window)
    # Written so that a score or threshold that is not a number compares as false.
    reached = fmean(comparison.score for comparison in window) >= threshold
    return window[-1].card if reached else None


STAGES = (
    Reason.NO_FACE,
    Reason.MULTIPLE_FACES,
    Reason.POOR_QUALITY,
    Reason.NON_MATCH,
)
"""How far a frame got, nearest first; at time-out the furthest stage reached is the reason."""

FAULTS = (
    Reason.INTERNAL_ERROR,
    Reason.CAMERA_UNAVAILABLE,
    Reason.MODEL_UNAVAILABLE,
    Reason.REFERENCE_UNUSABLE,
    Reason.LIVENESS_UNAVAILABLE,
    Reason.JOURNAL_UNAVAILABLE,
    Reason.CLOCK_UNSYNCED,
    Reason.OVERHEATED,
    Reason.LOCKED_DOWN,
)
"""Which of several faults is named, first to last."""

LIVENESS_DENIALS = {
    Liveness.PRESENTATION_ATTACK: Reason.PRESENTATION_ATTACK,
    Liveness.CHALLENGE_FAILED: Reason.CHALLENGE_FAILED,
    Liveness.UNAVAILABLE: Reason.LIVENESS_UNAVAILABLE,
}

LETS_THROUGH = frozenset({Liveness.PASSED, Liveness.NOT_REQUIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """Everything that counts of the frames seen since a claim.

    Made by `begin`. `window` holds the last n comparisons, `last_frame_at` the capture time
    (monotonic seconds) of the newest frame that counted, `verified_at` when the window first
    proved a card (`verified_card`), `proven` the card that it proves as of the newest frame, and
    `ended_by` a reason after which nothing can change the denial any more.
    """

    claim: Claim
    cards: frozenset[str]
    rules: DecisionSettings
    liveness_seconds: float
    last_frame_at: float
    last_sequence: int | None = None
    window: tuple[Comparison, ...] = ()
    frames: int = 0
    comparisons: int = 0
    matches: int = 0
    furthest: Reason | None = None
    liveness: Liveness = Liveness.PENDING
    verified_at: float | None = None
    verified_card: str | None = None
    proven: str | None = None
    ended_by: Reason | None = None

    @property
    def deadline(self) -> float:
        """Monotonic seconds after which nothing is granted.

        `timeout_seconds` after the claim; once the face was verified, the proof of life has its
        own time from then on.
        """
        ordinary = self.claim.received_at + self.rules.timeout_seconds
        if self.verified_at is None:
            return ordinary
        return max(ordinary, self.verified_at + self.liveness_seconds)

    def observe(self, observation: Observation, liveness: Liveness) -> Transaction:
        """Take in one frame and the liveness judgement up to and including it.

        Frames captured before the claim, after the deadline, twice or out of order change
        nothing. Mismatches enter the window, refusals do not.
        """
        if self.ended_by is not None or not self._counts(observation):
            return self
        seen = replace(
            self,
            frames=self.frames + 1,
            last_frame_at=observation.at,
            last_sequence=observation.frame_sequence,
            liveness=liveness,
            proven=None,
        )
        if liveness in LIVENESS_DENIALS:
            return replace(seen, ended_by=LIVENESS_DENIALS[liveness])
        if observation.comparison is not None:
            return _compared(seen, observation.comparison)
        refusal = observation.refusal
        return _reached(seen, refusal.reason if refusal else Reason.INTERNAL_ERROR)

    def decide(self, now: float, faults: Collection[Reason] = ()) -> Decision | None:
        """Decide at the monotonic time `now`, or None while it is too early to.

        Any fault (a reason why some part cannot be relied upon) denies. So does the deadline.
        """
        if self.ended_by is not None:
            return self.deny(self.ended_by)
        if faults:
            return self.deny(_worst(faults))
        if not now <= self.deadline:
            return self.deny(self._reason_at_timeout())
        if self.proven is not None and self.liveness in LETS_THROUGH:
            return Decision(
                claim_id=self.claim.id,
                card=self.proven,
                outcome=Outcome.GRANT,
                reason=Reason.MATCH,
                comparisons=self.comparisons,
                matches=self.matches,
                score=self.window[-1].score,
                threshold=self.window[-1].threshold,
            )
        if self.verified_at is None and self.comparisons >= self.rules.max_comparisons:
            return self.deny(self._reason_at_timeout())
        return None

    def deny(self, reason: Reason) -> Decision:
        """End the transaction for a reason from outside, such as `superseded`.

        A denied walk-up names no card: nobody was proven to be there.
        """
        last = self.window[-1] if self.window else None
        return Decision(
            claim_id=self.claim.id,
            card=self.claim.card,
            outcome=Outcome.DENY,
            reason=reason,
            comparisons=self.comparisons,
            matches=self.matches,
            score=last.score if last else None,
            threshold=last.threshold if last else None,
        )

    def _counts(self, observation: Observation) -> bool:
        return (
            self.claim.received_at < observation.at <= self.deadline
            and observation.at > self.last_frame_at
            and observation.frame_sequence != self.last_sequence
        )

    def _reason_at_timeout(self) -> Reason:
        if self.verified_at is not None and self.liveness not in LETS_THROUGH:
            # The face was the right one, and the proof of life never came.
            return Reason.LIVENESS_UNAVAILABLE
        if self.furthest is not None:
            return self.furthest
        # Nothing was refused and nothing mismatched: too few frames came at all.
        return Reason.CAMERA_UNAVAILABLE


def _reached(seen: Transaction, reason: Reason) -> Transaction:
    if reason not in STAGES:
        return replace(seen, ended_by=reason)
    before = STAGES.index(seen.furthest) if seen.furthest else -1
    return replace(seen, furthest=STAGES[max(before, STAGES.index(reason))])


def _compared(seen: Transaction, comparison: Comparison) -> Transaction:
    if comparison.card not in seen.cards:
        # Whatever made this, it is no evidence about the claim.
        return replace(seen, ended_by=Reason.INTERNAL_ERROR)
    counted = replace(
        seen,
        window=(*seen.window, comparison)[-seen.rules.window_frames :],
        comparisons=seen.comparisons + 1,
        matches=seen.matches + comparison.is_match,
    )
    if not comparison.is_match:
        counted = _reached(counted, Reason.NON_MATCH)
    return _proven(counted)


def _proven(counted: Transaction) -> Transaction:
    if names_two_people(counted.window):
        return replace(counted, ended_by=Reason.AMBIGUOUS)
    card = proven_card(counted.window, counted.rules)
    if card is None:
        return counted
    if counted.verified_at is None:
        # The first proof must fall within max_comparisons: later frames, compared only to watch
        # over a challenge, are no further chances.
        if counted.comparisons > counted.rules.max_comparisons:
            return counted
        return replace(counted, proven=card, verified_card=card, verified_at=counted.last_frame_at)
    if card != counted.verified_card:
        return replace(counted, ended_by=Reason.AMBIGUOUS)
    return replace(counted, proven=card)


def _worst(faults: Collection[Reason]) -> Reason:
    for fault in FAULTS:
        if fault in faults:
            return fault
    return min(faults, key=lambda fault: fault.value)
