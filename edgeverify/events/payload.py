"""The decision as it is signed: UTF-8 JSON bytes, made once and never re-serialised."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone

from edgeverify.domain import Outcome, Reason
from edgeverify.errors import EventError
from edgeverify.events.strict_json import read_object, text_of

MAX_PAYLOAD_BYTES = 4096

MAX_LIFETIME_SECONDS = 60
"""No decision is valid for longer (`events.expires_seconds` ends here); more is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPayload:
    """What a subscriber may rely on once the signature was checked.

    `issued_at` and `expires_at` are aware datetimes, kept to the millisecond. `sequence` rises
    strictly for one door, over restarts; it stays below 2**53, so that every JSON reader holds it.
    `opened_by` is empty where whoever hears a grant may open; `panel` where an access-control panel
    alone does.
    """

    event_id: str
    door: str
    claim_id: str
    card: str
    outcome: Outcome
    reason: Reason
    sequence: int
    issued_at: datetime
    expires_at: datetime
    opened_by: str = ""

    def to_bytes(self) -> bytes:
        """Return the JSON, keys in the order above, no spaces."""
        record = {
            "event_id": self.event_id,
            "door": self.door,
            "claim_id": self.claim_id,
            "card": self.card,
            "outcome": self.outcome.value,
            "reason": self.reason.value,
            "sequence": self.sequence,
            "issued_at": to_wire_time(self.issued_at),
            "expires_at": to_wire_time(self.expires_at),
        }
        if self.opened_by:
            record["opened_by"] = self.opened_by
        return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> DecisionPayload:
        """Read signed bytes. Raises EventError; keys that a later release added are ignored."""
        try:
            return cls._from_record(read_object(raw, limit_bytes=MAX_PAYLOAD_BYTES))
        except ValueError as error:
            raise EventError(f"the decision inside an event is malformed: {error}") from None

    @classmethod
    def _from_record(cls, record: dict[str, object]) -> DecisionPayload:
        sequence = record.get("sequence")
        if not isinstance(sequence, int) or isinstance(sequence, bool) or sequence < 1:
            raise ValueError("sequence must be a whole number above 0")
        card = record.get("card")
        if not isinstance(card, str) or len(card) > 256:
            raise ValueError("card must be a text of at most 256 characters")
        outcome = Outcome(text_of(record, "outcome"))
        reason = Reason(text_of(record, "reason"))
        if (outcome is Outcome.GRANT) != (reason is Reason.MATCH):
            raise ValueError(f"{outcome.value} cannot have reason {reason.value}")
        return cls(
            event_id=text_of(record, "event_id"),
            door=text_of(record, "door"),
            claim_id=text_of(record, "claim_id"),
            card=card,
            outcome=outcome,
            reason=reason,
            sequence=sequence,
            issued_at=from_wire_time(text_of(record, "issued_at")),
            expires_at=from_wire_time(text_of(record, "expires_at")),
            opened_by=text_of(record, "opened_by") if "opened_by" in record else "",
        )


def to_wire_time(moment: datetime) -> str:
    """Write an aware datetime as RFC 3339 in UTC with milliseconds."""
    utc = moment.astimezone(timezone.utc)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


def from_wire_time(text: str) -> datetime:
    """Read RFC 3339 with a zone. Raises ValueError."""
    try:
        # Python 3.10 reads neither a Z nor fractions of other than 3 or 6 digits.
        moment = datetime.fromisoformat(_plain(text))
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not an RFC 3339 time") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text[:40]!r} has no time zone")
    try:
        return moment.astimezone(timezone.utc)
    except OverflowError:
        raise ValueError(f"{text[:40]!r} is out of range") from None


def _plain(text: str) -> str:
    if text[-1:] in {"Z", "z"}:
        text = text[:-1] + "+00:00"
    head, dot, tail = text.partition(".")
    if not dot:
        return text
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return f"{head}.{tail[:digits][:6].ljust(6, '0')}{tail[digits:]}"
