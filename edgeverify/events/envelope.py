"""The CloudEvent around a signed decision (CloudEvents 1.0, JSON format, structured mode).

Nothing in the envelope is signed; whoever reads it trusts `data_base64` alone, after the check.

The answer to one claim is the decision under that claim's own id, signed as an answer alone.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edgeverify.errors import EventError
from edgeverify.events.payload import DecisionPayload, to_wire_time
from edgeverify.events.signing import ANSWER_CONTEXT, CONTEXT, SignedDecision, Signer, sign, verify
from edgeverify.events.strict_json import base64_of, read_object, text_of

CONTENT_TYPE = "application/cloudevents+json"
MAX_EVENT_BYTES = 16384


class EventKind(str, Enum):
    """A decision that opens doors now, the record that one was made, or what its claimer hears."""

    LIVE = "edgeverify.decision.v1"
    HISTORY = "edgeverify.history.v1"
    ANSWER = "edgeverify.answer.v1"

    @property
    def context(self) -> bytes:
        """What stands before the payload in what is signed."""
        return ANSWER_CONTEXT if self is EventKind.ANSWER else CONTEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A message read from `event`, `audit` or `answer`, not yet checked.

    `score` and `threshold` stand only in history, only where `audit.include_scores` says so, and
    are not signed. `decided_claim` stands only in an answer to a claim that joined another's
    attempt: the claim that was decided on; unsigned. So is `language`, the claimer's.
    """

    kind: EventKind
    payload: bytes
    signature: bytes
    keyid: str
    score: float | None = None
    threshold: float | None = None
    decided_claim: str = ""
    language: str = ""

    def verified(self, keys: Mapping[str, Ed25519PublicKey]) -> SignedDecision:
        """Return the decision once its signature fits. Raises EventError."""
        return verify(self.payload, self.signature, self.keyid, keys, context=self.kind.context)


def encode_event(
    signed: SignedDecision,
    kind: EventKind,
    *,
    score: float | None = None,
    threshold: float | None = None,
    decided_claim: str = "",
    language: str = "",
) -> bytes:
    """Wrap signed bytes, unchanged, for `event` (LIVE), `audit` (HISTORY) or `answer` (ANSWER).

    Scores become CloudEvents extensions; those have no fractional type, hence texts.
    """
    decision = signed.decision
    record = {
        "specversion": "1.0",
        "id": decision.event_id,
        "source": f"/edgeverify/{decision.door}",
        "type": kind.value,
        "time": to_wire_time(decision.issued_at),
        "datacontenttype": "application/json",
        "keyid": signed.keyid,
        "signature": b64encode(signed.signature).decode(),
        "data_base64": b64encode(signed.payload).decode(),
    }
    if kind is EventKind.HISTORY and score is not None:
        record["score"] = f"{score:.6f}"
    if kind is EventKind.HISTORY and threshold is not None:
        record["threshold"] = f"{threshold:.6f}"
    if kind is EventKind.ANSWER and decided_claim:
        record["decidedclaim"] = decided_claim
    if kind is EventKind.ANSWER and language:
        record["language"] = language
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def parse_event(raw: bytes) -> Event:
    """Read an envelope; its contents count for nothing until `verified`. Raises EventError."""
    try:
        return _from_record(read_object(raw, limit_bytes=MAX_EVENT_BYTES))
    except ValueError as error:
        raise EventError(f"an event is malformed: {error}") from None


def _from_record(record: dict[str, object]) -> Event:
    if record.get("specversion") != "1.0":
        raise ValueError("specversion must be 1.0")
    return Event(
        kind=EventKind(text_of(record, "type")),
        payload=base64_of(record, "data_base64", limit=MAX_EVENT_BYTES),
        signature=base64_of(record, "signature", limit=MAX_EVENT_BYTES),
        keyid=text_of(record, "keyid"),
        score=_number(record, "score"),
        threshold=_number(record, "threshold"),
        decided_claim=text_of(record, "decidedclaim") if "decidedclaim" in record else "",
        language=text_of(record, "language", limit=35) if "language" in record else "",
    )


def _number(record: dict[str, object], key: str) -> float | None:
    return float(text_of(record, key, limit=32)) if key in record else None


def encode_answer(
    decision: DecisionPayload, claim_id: str, signer: Signer, *, language: str = ""
) -> bytes:
    """Write what was decided on the claim `claim_id`, which may have joined another's attempt.

    `language` (a BCP 47 tag) is that of whoever claimed, for a screen; it is not signed.
    The signature stands over another context than a decision's, so that a lock refuses it.
    """
    asked = replace(decision, claim_id=claim_id)
    signed = sign(asked, signer, context=EventKind.ANSWER.context)
    decided_claim = decision.claim_id if decision.claim_id != claim_id else ""
    return encode_event(signed, EventKind.ANSWER, decided_claim=decided_claim, language=language)
