"""From a decision to a row and a message: the journal first, the live event after it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from edgeverify.daemon.door.attempt import Attempt
from edgeverify.daemon.door.folds import Fold
from edgeverify.daemon.door.situation import Situation
from edgeverify.daemon.faults import FaultBoard
from edgeverify.domain import (
    Claim,
    Decision,
    FaultName,
    Language,
    Notice,
    NoticeKind,
    Outcome,
    Reason,
)
from edgeverify.errors import JournalUnavailableError
from edgeverify.events import DecisionPayload, SignedDecision, Signer
from edgeverify.journal import Entry, Forgiven, Journal
from edgeverify.journal.notices import inside_since, put_notice
from edgeverify.lockout import LockoutState, after, key_of
from edgeverify.logs import fields
from edgeverify.policy.house_rules import is_inside

LOG = logging.getLogger(__name__)


class LivePublisher(Protocol):
    """Whoever can tell the door's subscribers now, or drop it."""

    def publish_live(self, signed: SignedDecision) -> bool:
        """Hand a live decision over; False when nobody could be told."""

    def publish_answers(
        self,
        decision: DecisionPayload,
        claims: Iterable[Claim],
        signer: Signer,
        language: Language = "en",
    ) -> None:
        """Tell those who sent the claims, as far as they can be told."""


class Records:
    """Writes decisions down, keeps lock-outs, and publishes what was written."""

    def __init__(
        self,
        *,
        journal: Journal,
        signer: Callable[[], Signer],
        publisher: LivePublisher,
        faults: FaultBoard,
        new_id: Callable[[], str],
        facts: Mapping[str, str],
    ) -> None:
        """`new_id` makes event ids; `facts` (model, back end) go into every row."""
        self._journal = journal
        self._signer = signer
        self._publisher = publisher
        self._faults = faults
        self._new_id = new_id
        self.facts = facts
        self._lockouts: dict[str, LockoutState] | None = None
        self.last_event_id = ""
        """Of the newest decision that was committed."""

    def lockout(self, claim: Claim) -> LockoutState:
        """Return the record of failures that applies to a claim; it survives restarts."""
        return self._known().get(key_of(claim), LockoutState())

    def unlock(self, card: str, *, at: datetime, by_user: str) -> Forgiven:
        """Forget failures and that a card is inside, journalled. Raises JournalUnavailableError."""
        forgiven = self._journal.unlock(card, at=at, by_user=by_user)
        self._known().pop(card, None)
        return forgiven

    def is_inside(self, card: str, situation: Situation, now: datetime) -> bool:
        """Return whether a card came in and was not seen going out (anti-passback)."""
        settings = situation.settings.rules
        if settings.anti_passback == "off":
            return False
        try:
            with self._journal.change(now) as connection:
                since = inside_since(connection, card)
        except JournalUnavailableError:
            return False  # nothing can be granted either
        return is_inside(since, settings, now)

    def tell(self, notice: Notice) -> None:
        """Write a notice down, which is then sent; one that cannot be written is lost."""
        try:
            with self._journal.change(notice.at) as connection:
                put_notice(connection, notice, self._signer())
        except JournalUnavailableError as error:
            LOG.warning("a notice was lost: %s", error.problem)

    def _notices(
        self, decision: Decision, claims: Iterable[Claim], situation: Situation, now: datetime
    ) -> tuple[NoticeKind, ...]:
        found = []
        if any(claim.is_under_duress for claim in claims):
            found.append(NoticeKind.DURESS)
        is_grant = decision.outcome is Outcome.GRANT
        if is_grant and self.is_inside(decision.card, situation, now):
            found.append(NoticeKind.PASSBACK)
        return tuple(found)

    def forget_lockout(self, card: str) -> None:
        """Forget what the journal has forgotten already."""
        self._known().pop(card, None)

    def forget_others(self, cards: Collection[str]) -> None:
        """Keep counted scores of these cards alone; where the journal cannot now, later."""
        try:
            self._journal.forget_others(cards)
        except JournalUnavailableError as error:
            LOG.warning("%s", error.problem)

    def conclude(
        self,
        decision: Decision,
        *,
        claim: Claim,
        situation: Situation,
        now: datetime,
        floor: datetime | None,
        seen: Attempt | Fold | None = None,
        seconds: float = 0.0,
    ) -> Decision:
        """Commit a decision and then publish it; without a commit there is no grant.

        `seen` is the attempt that was looked at, or the denials that this one stands for. Returns
        what was decided in the end: `journal_unavailable` where nothing could be committed.
        """
        attempt = seen if isinstance(seen, Attempt) else None
        is_grant = decision.outcome is Outcome.GRANT
        fold = seen if isinstance(seen, Fold) else None
        claims = fold.claims if fold else (claim, *(attempt.joined if attempt else ()))
        state = self.lockout(claim)
        charged = after(state, decision, situation.settings.lockout, now)
        entry = Entry(
            event_id=self._new_id(),
            door=situation.settings.door,
            decision=decision,
            source=claim.source,
            issued_at=now,
            expires_at=now + timedelta(seconds=situation.settings.events.expires_seconds),
            duration_seconds=seconds,
            frames=tuple(attempt.frames) if attempt else (),
            remembered_claims=_remembered(claims),
            lockouts={} if charged == state else {key_of(claim): charged},
            floor=floor,
            notices=self._notices(decision, claims, situation, now),
            comes_in=is_grant and situation.settings.rules.anti_passback != "off",
            include_scores=situation.settings.audit.include_scores,
            opened_by="panel" if situation.settings.osdp_reader.enabled else "",
            details=self._details(situation, claim, attempt) | _folded(fold),
        )
        try:
            signed = self._journal.record(entry, self._signer())
        except JournalUnavailableError as error:
            return self._unrecorded(entry, claims, error, situation.language_for(decision.card))
        self._faults.clear(FaultName.JOURNAL_UNAVAILABLE)
        self.last_event_id = entry.event_id
        self._known()[key_of(claim)] = charged
        is_live = self._publisher.publish_live(signed)
        language = situation.language_for(decision.card)
        self._publisher.publish_answers(signed.decision, claims, self._signer(), language)
        LOG.info(
            "decided",
            extra=fields(
                outcome=decision.outcome.value,
                reason=decision.reason.value,
                sequence=signed.decision.sequence,
                claim=claim.id,
                live=is_live,
                milliseconds=round(seconds * 1000),
            ),
        )
        return decision

    def _unrecorded(
        self,
        entry: Entry,
        claims: tuple[Claim, ...],
        error: JournalUnavailableError,
        language: Language,
    ) -> Decision:
        self._faults.raise_fault(FaultName.JOURNAL_UNAVAILABLE, error.problem)
        LOG.error("the journal cannot commit: %s", error.problem)
        # A decision that was to be a grant, and any other, is now this one denial.
        denial = replace(entry.decision, outcome=Outcome.DENY, reason=Reason.JOURNAL_UNAVAILABLE)
        try:
            signed = self._journal.sign_unrecorded(replace(entry, decision=denial), self._signer())
        except JournalUnavailableError:
            return denial  # no number is left to tell anybody with
        self._publisher.publish_live(signed)
        self._publisher.publish_answers(signed.decision, claims, self._signer(), language)
        return denial

    def _known(self) -> dict[str, LockoutState]:
        if self._lockouts is None:
            try:
                self._lockouts = self._journal.lockouts()
            except JournalUnavailableError:
                return {}
        return self._lockouts

    def _details(
        self, situation: Situation, claim: Claim, attempt: Attempt | None
    ) -> dict[str, str | float | int | bool | None]:
        point = situation.point_for(claim.source)
        judged = {} if attempt is None else _judged(attempt)
        return {
            **self.facts,
            "config": situation.digest,
            "liveness": situation.settings.liveness,
            "max_fmr": point.max_fmr,
            "frames": attempt.transaction.frames if attempt else 0,
            **judged,
        }


def _judged(attempt: Attempt) -> dict[str, str | float | int | bool | None]:
    """Return the figures behind the liveness judgement, for the report of one event."""
    report = attempt.judge.report()
    return {
        "liveness_verdict": report.verdict.value,
        "pad_mean": report.pad_mean,
        "pad_frames": report.pad_frames,
        "flat_frames": report.flat_frames,
        "still_pairs": report.still_pairs,
        "lowest_similarity": report.lowest_similarity,
        "challenge": " ".join(report.challenge_actions),
        "challenge_failure": report.challenge_failure,
    }


def _folded(fold: Fold | None) -> dict[str, str | float | int | bool | None]:
    """Return how many equal denials the row stands for, where it stands for several."""
    return {} if fold is None else {"folded": fold.count}


def _remembered(claims: Iterable[Claim]) -> dict[str, datetime]:
    """Return the ids that this decision uses up: its claim's, and those that joined it."""
    return {each.id: each.remember_until for each in claims if each.remember_until is not None}
