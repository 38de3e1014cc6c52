"""The wire format: what stands in each MQTT message, and how a reader checks it. Pure."""

from edgeverify.events.envelope import CONTENT_TYPE, Event, EventKind, encode_event, parse_event
from edgeverify.events.messages import ClaimMessage, encode_claim, encode_prompt, encode_status
from edgeverify.events.payload import (
    MAX_LIFETIME_SECONDS,
    DecisionPayload,
    from_wire_time,
    to_wire_time,
)
from edgeverify.events.signing import SignedDecision, Signer, key_id, sign, verify
from edgeverify.events.topics import Topics

__all__ = [
    "CONTENT_TYPE",
    "MAX_LIFETIME_SECONDS",
    "ClaimMessage",
    "DecisionPayload",
    "Event",
    "EventKind",
    "SignedDecision",
    "Signer",
    "Topics",
    "encode_claim",
    "encode_event",
    "encode_prompt",
    "encode_status",
    "from_wire_time",
    "key_id",
    "parse_event",
    "sign",
    "to_wire_time",
    "verify",
]
