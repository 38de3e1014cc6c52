"""All checks of a subscriber, without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from edgeverify.atomic_file import read_plain
from edgeverify.domain import Outcome, Reason
from edgeverify.errors import EventError, KeyUnusableError
from edgeverify.events import (
    MAX_LIFETIME_SECONDS,
    DecisionPayload,
    Event,
    EventKind,
    SignedDecision,
    key_id,
    parse_event,
)

BEGIN = b"-----BEGIN"
FROM_THE_DOOR = (
    "Put the door's public key there: `edgeverify keys show --pem --config FILE` prints it, at the "
    "door."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorEvent:
    """A checked decision. `missed` is how many sequence numbers lie between it and the last one.

    `is_live` is false for history read from the `audit` topic: never act on it.
    """

    decision: DecisionPayload
    keyid: str
    missed: int
    is_live: bool
    score: float | None = None
    threshold: float | None = None
    decided_claim: str = ""
    """In an answer: the claim whose attempt this one joined, empty where it was decided itself."""

    @property
    def granted(self) -> bool:
        """True when the door is to open now, and not by somebody else."""
        is_ours = not self.decision.opened_by
        return self.is_live and is_ours and self.decision.outcome is Outcome.GRANT

    @property
    def card(self) -> str:
        """The card that was claimed."""
        return self.decision.card

    @property
    def reason(self) -> Reason:
        """The coarse reason."""
        return self.decision.reason

    @property
    def sequence(self) -> int:
        """Rises with every decision of the door."""
        return self.decision.sequence


class EventChecker:
    """All checks of a subscriber, without a network: bytes in, `DoorEvent` or EventError out.

    `after_sequence` is the last sequence acted upon, 0 for none. An event that was issued before
    `since` is refused: for whoever has lost, or never had, that number.
    """

    def __init__(
        self,
        door: str,
        keys: Mapping[str, Ed25519PublicKey],
        *,
        after_sequence: int = 0,
        since: datetime | None = None,
    ) -> None:
        self._door = door
        self._keys = keys
        self._since = since
        self.last_sequence = after_sequence

    def check(self, raw: bytes, *, now: datetime, is_retained: bool = False) -> DoorEvent:
        """Check a live event. Raises EventError naming the check that failed."""
        if is_retained:
            raise EventError("an event was retained, and no door does that")
        _, signed = self._signed(raw, EventKind.LIVE, "history came on the live topic")
        decision = signed.decision
        if decision.expires_at <= now:
            late = (now - decision.expires_at).total_seconds()
            raise EventError(f"event {decision.event_id} expired {late:.1f} s ago")
        self._check_lifetime(decision, now)
        if decision.sequence <= self.last_sequence:
            raise EventError(
                f"event {decision.event_id} has sequence {decision.sequence}, "
                f"not above {self.last_sequence}"
            )
        missed = decision.sequence - self.last_sequence - 1 if self.last_sequence else 0
        self.last_sequence = decision.sequence
        return DoorEvent(decision=decision, keyid=signed.keyid, missed=missed, is_live=True)

    def check_answer(self, raw: bytes) -> DoorEvent:
        """Check a message of the `answer` topic: signature and door; it opens nothing."""
        wrong = "the message on the answer topic is not an answer"
        event, signed = self._signed(raw, EventKind.ANSWER, wrong)
        return DoorEvent(
            decision=signed.decision,
            keyid=signed.keyid,
            missed=0,
            is_live=False,
            decided_claim=event.decided_claim,
        )

    def check_history(self, raw: bytes) -> DoorEvent:
        """Check a message of the `audit` topic: signature and door; it may be old or a repeat."""
        wrong = "a live decision came on the audit topic"
        event, signed = self._signed(raw, EventKind.HISTORY, wrong)
        return DoorEvent(
            decision=signed.decision,
            keyid=signed.keyid,
            missed=0,
            is_live=False,
            score=event.score,
            threshold=event.threshold,
        )

    def _check_lifetime(self, decision: DecisionPayload, now: datetime) -> None:
        """Refuse what would stay valid for too long, whatever the two clocks say."""
        lifetime = (decision.expires_at - decision.issued_at).total_seconds()
        left = (decision.expires_at - now).total_seconds()
        if max(lifetime, left) > MAX_LIFETIME_SECONDS:
            raise EventError(
                f"event {decision.event_id} would be valid for {max(lifetime, left):.0f} s, "
                f"and no grant is for more than {MAX_LIFETIME_SECONDS}: a clock is wrong"
            )
        if self._since is not None and decision.issued_at < self._since:
            raise EventError(f"event {decision.event_id} was issued before this program began")

    def _signed(self, raw: bytes, kind: EventKind, wrong: str) -> tuple[Event, SignedDecision]:
        """Return what a believed key signed for this door; `wrong` is said of another kind."""
        event = parse_event(raw)
        if event.kind is not kind:
            raise EventError(wrong)
        signed = event.verified(self._keys)
        if signed.decision.door != self._door:
            raise EventError(f"an event of door {signed.decision.door!r} came to {self._door!r}")
        return event, signed


def load_verify_keys(paths: Sequence[str | Path]) -> dict[str, Ed25519PublicKey]:
    """Read PEM public keys (`edgeverify keys show --pem`), one or more per file, by key id.

    Raises KeyUnusableError.
    """
    keys = {}
    for path in paths:
        try:
            text = read_plain(Path(path))
        except OSError as error:
            raise KeyUnusableError(
                f"cannot read {path}: {error.strerror}", advice=FROM_THE_DOOR
            ) from None
        blocks = [BEGIN + block for block in text.split(BEGIN)[1:]]
        if not blocks:
            raise KeyUnusableError(f"{path} is not a PEM public key", advice=FROM_THE_DOOR)
        for block in blocks:
            key = _public_key(block, path)
            keys[key_id(key)] = key
    return keys


def _public_key(block: bytes, path: str | Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyUnusableError(f"{path} is not a PEM public key", advice=FROM_THE_DOOR) from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusableError(f"{path} is not an Ed25519 key", advice=FROM_THE_DOOR)
    return key
