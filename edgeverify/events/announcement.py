"""The next signing key, announced in the retained status before it signs.

The status is not signed, so whoever reads an announcement trusts only its own signature, made by
the key that signs now. A subscriber that knew one key of a door can follow every later change.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edgeverify.errors import EventError
from edgeverify.events.payload import from_wire_time, to_wire_time
from edgeverify.events.signing import Signer, key_id
from edgeverify.events.strict_json import base64_of, read_object, text_of

KEY_CONTEXT = b"edgeverify.next-key.v1\n"
"""Stands before the payload in what is signed, so that no decision can pass for a key."""
NEXT_KEY = "next_key"
"""The key of the status that holds an announcement."""
SIGNING_KEY = "signing_key"
"""The key of the status that names the key that signs now, unsigned."""
MAX_STATUS_BYTES = 65536
MAX_KEY_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class NextKey:
    """A public key that a door will sign with from `begins_at` (aware) on."""

    door: str
    public: Ed25519PublicKey
    begins_at: datetime

    @property
    def keyid(self) -> str:
        """Its name."""
        return key_id(self.public)


def announce(following: NextKey, signer: Signer) -> dict[str, object]:
    """Return what the status holds under `next_key`, signed by the key that signs now."""
    payload = json.dumps(
        {
            "door": following.door,
            "keyid": following.keyid,
            "public_key": b64encode(following.public.public_bytes_raw()).decode(),
            "begins_at": to_wire_time(following.begins_at),
        },
        separators=(",", ":"),
    ).encode()
    return {
        "keyid": signer.keyid,
        "payload": b64encode(payload).decode(),
        "signature": b64encode(signer.private.sign(KEY_CONTEXT + payload)).decode(),
    }


def read_next_key(status: bytes, door: str, keys: Mapping[str, Ed25519PublicKey]) -> NextKey | None:
    """Return the key that a status announces, None where it announces none.

    Raises EventError unless a key of `keys` has signed it, for this door.
    """
    try:
        record = read_object(status, limit_bytes=MAX_STATUS_BYTES)
        announced = record.get(NEXT_KEY)
        if announced is None:
            return None
        if not isinstance(announced, dict):
            raise ValueError(f"{NEXT_KEY} must be an object")  # noqa: TRY004, TRY301 - input
        payload, signature = base64_of(announced, "payload"), base64_of(announced, "signature")
        keyid = text_of(announced, "keyid")
    except ValueError as error:
        raise EventError(f"a status is malformed: {error}") from None
    public = keys.get(keyid)
    if public is None:
        raise EventError(f"the next key is announced by the unknown key {keyid[:32]!r}")
    try:
        public.verify(signature, KEY_CONTEXT + payload)
    except InvalidSignature:
        raise EventError(f"the next key's signature does not fit key {keyid}") from None
    try:
        following = _from_payload(read_object(payload, limit_bytes=MAX_KEY_BYTES))
    except ValueError as error:
        raise EventError(f"the next key's announcement is malformed: {error}") from None
    if following.door != door:
        raise EventError(f"the next key is that of door {following.door!r}, not of {door!r}")
    return following


def named_signing_key(status: bytes) -> str | None:
    """Return the name of the key that signs, as a status has it; None where it has none.

    It is not signed: enough to say that a key is not known, and never to believe one.
    """
    try:
        named = read_object(status, limit_bytes=MAX_STATUS_BYTES).get(SIGNING_KEY)
        return text_of(named, "keyid") if isinstance(named, dict) else None
    except ValueError:
        return None


def _from_payload(record: dict[str, object]) -> NextKey:
    following = NextKey(
        door=text_of(record, "door"),
        public=Ed25519PublicKey.from_public_bytes(base64_of(record, "public_key")),
        begins_at=from_wire_time(text_of(record, "begins_at")),
    )
    if text_of(record, "keyid") != following.keyid:
        raise ValueError("keyid is not that of public_key")
    return following
