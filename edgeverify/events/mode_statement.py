"""The door's own word that it is open now: signed, for less than a minute, said again and again.

It stands in the retained status, which is not signed: a lock that follows it trusts the statement's
signature alone, and locks as soon as none counts any more.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edgeverify.domain import DoorMode
from edgeverify.errors import EventError
from edgeverify.events.payload import MAX_LIFETIME_SECONDS, from_wire_time, to_wire_time
from edgeverify.events.signing import Signer
from edgeverify.events.strict_json import base64_of, read_object, text_of

MODE_CONTEXT = b"edgeverify.mode.v1\n"
"""Stands before the payload in what is signed, so that nothing else can pass for it."""
MODE = "mode"
"""The key of the status that holds the mode, and in it `statement`."""
STATEMENT_SECONDS = 45
"""How long a statement counts; the door says a new one every 15 seconds."""
MAX_STATUS_BYTES = 65536
MAX_PAYLOAD_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeStatement:
    """A door says its mode, from `issued_at` until `expires_at` (aware)."""

    door: str
    mode: DoorMode
    issued_at: datetime
    expires_at: datetime


def state_mode(statement: ModeStatement, signer: Signer) -> dict[str, str]:
    """Return what the status holds under `mode.statement`."""
    payload = json.dumps(
        {
            "door": statement.door,
            "mode": statement.mode.value,
            "issued_at": to_wire_time(statement.issued_at),
            "expires_at": to_wire_time(statement.expires_at),
        },
        separators=(",", ":"),
    ).encode()
    return {
        "keyid": signer.keyid,
        "payload": b64encode(payload).decode(),
        "signature": b64encode(signer.private.sign(MODE_CONTEXT + payload)).decode(),
    }


def read_mode(
    status: bytes, door: str, keys: Mapping[str, Ed25519PublicKey], *, now: datetime
) -> ModeStatement | None:
    """Return the statement that a status holds and that counts at `now`; None where it has none.

    Raises EventError where one is there and its signature, door or times are not right.
    """
    try:
        mode = read_object(status, limit_bytes=MAX_STATUS_BYTES).get(MODE)
        given = mode.get("statement") if isinstance(mode, dict) else None
        if given is None:
            return None
        if not isinstance(given, dict):
            raise ValueError("mode.statement must be an object")  # noqa: TRY004, TRY301 - input
        keyid = text_of(given, "keyid")
        payload, signature = base64_of(given, "payload"), base64_of(given, "signature")
    except ValueError as error:
        raise EventError(f"a status is malformed: {error}") from None
    public = keys.get(keyid)
    if public is None:
        raise EventError(f"a mode is stated by the unknown key {keyid[:32]!r}")
    try:
        public.verify(signature, MODE_CONTEXT + payload)
    except InvalidSignature:
        raise EventError(f"a mode's signature does not fit key {keyid}") from None
    try:
        statement = _from_payload(read_object(payload, limit_bytes=MAX_PAYLOAD_BYTES))
    except ValueError as error:
        raise EventError(f"a mode's statement is malformed: {error}") from None
    _check(statement, door, now)
    return statement


def _check(statement: ModeStatement, door: str, now: datetime) -> None:
    if statement.door != door:
        raise EventError(f"the mode of door {statement.door!r} came to {door!r}")
    if statement.expires_at <= now:
        raise EventError("a mode's statement has expired")
    lifetime = (statement.expires_at - statement.issued_at).total_seconds()
    left = (statement.expires_at - now).total_seconds()
    if max(lifetime, left) > MAX_LIFETIME_SECONDS:
        raise EventError(
            f"a mode's statement would count for {max(lifetime, left):.0f} s: a clock is wrong"
        )


def _from_payload(record: dict[str, object]) -> ModeStatement:
    return ModeStatement(
        door=text_of(record, "door"),
        mode=DoorMode(text_of(record, "mode")),
        issued_at=from_wire_time(text_of(record, "issued_at")),
        expires_at=from_wire_time(text_of(record, "expires_at")),
    )
