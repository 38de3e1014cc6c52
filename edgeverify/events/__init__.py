"""The wire format: what stands in each MQTT message, and how a reader checks it. Pure."""

from edgeverify.events.announcement import (
    NEXT_KEY,
    SIGNING_KEY,
    NextKey,
    announce,
    named_signing_key,
    read_next_key,
)
from edgeverify.events.envelope import (
    CONTENT_TYPE,
    Event,
    EventKind,
    encode_answer,
    encode_event,
    parse_event,
)
from edgeverify.events.lock_state import LockCause, LockReport, LockState, last_will
from edgeverify.events.messages import ClaimMessage, encode_claim, encode_prompt, encode_status
from edgeverify.events.mode_statement import ModeStatement, read_mode, state_mode
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
    "NEXT_KEY",
    "SIGNING_KEY",
    "ClaimMessage",
    "DecisionPayload",
    "Event",
    "EventKind",
    "LockCause",
    "LockReport",
    "LockState",
    "ModeStatement",
    "NextKey",
    "SignedDecision",
    "Signer",
    "Topics",
    "announce",
    "encode_answer",
    "encode_claim",
    "encode_event",
    "encode_prompt",
    "encode_status",
    "from_wire_time",
    "key_id",
    "last_will",
    "named_signing_key",
    "parse_event",
    "read_mode",
    "read_next_key",
    "sign",
    "state_mode",
    "to_wire_time",
    "verify",
]
