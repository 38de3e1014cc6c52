"""Ed25519 over exactly the payload's bytes (RFC 8032), behind a context line of our own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edgeverify.errors import EventError
from edgeverify.events.payload import DecisionPayload

CONTEXT = b"edgeverify.decision.v1\n"
"""Stands before the payload in what is signed, so that no other signature can pass for one."""

ANSWER_CONTEXT = b"edgeverify.answer.v1\n"
"""Stands before an answer: what tells a reader of a grant can open nothing itself."""


class Signer(Protocol):
    """The key that signs now; `edgeverify.keys.SigningKeys` is one."""

    @property
    def private(self) -> Ed25519PrivateKey:
        """The private key."""
        ...

    @property
    def keyid(self) -> str:
        """Its name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDecision:
    """Payload bytes and the 64 bytes of their signature; `decision` is what the bytes say."""

    decision: DecisionPayload
    payload: bytes
    signature: bytes
    keyid: str


def key_id(public: Ed25519PublicKey) -> str:
    """Name a signing key: the first 16 hexadecimal digits of the SHA-256 of its 32 raw bytes."""
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]


def sign(decision: DecisionPayload, signer: Signer, *, context: bytes = CONTEXT) -> SignedDecision:
    """Make the bytes, once, and sign them."""
    payload = decision.to_bytes()
    return SignedDecision(
        decision=decision,
        payload=payload,
        signature=signer.private.sign(context + payload),
        keyid=signer.keyid,
    )


def verify(
    payload: bytes,
    signature: bytes,
    keyid: str,
    keys: Mapping[str, Ed25519PublicKey],
    *,
    context: bytes = CONTEXT,
) -> SignedDecision:
    """Check the signature first, then read the bytes. Raises EventError."""
    public = keys.get(keyid)
    if public is None:
        raise EventError(
            f"an event is signed with the unknown key {keyid[:32]!r}",
            advice="After a change of keys give the new one (`edgeverify keys show`) as well.",
        )
    try:
        public.verify(signature, context + payload)
    except InvalidSignature:
        raise EventError(f"an event's signature does not fit key {keyid}") from None
    return SignedDecision(
        decision=DecisionPayload.from_bytes(payload),
        payload=payload,
        signature=signature,
        keyid=keyid,
    )
