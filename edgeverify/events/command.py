"""An operator's command to a door: signed, short-lived, numbered. Whatever is not is refused."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edgeverify.domain import Command, DoorMode
from edgeverify.errors import CommandRefusedError
from edgeverify.events.payload import from_wire_time, to_wire_time
from edgeverify.events.signing import Signer
from edgeverify.events.strict_json import base64_of, read_object, text_of

COMMAND_TYPE = "edgeverify.command.v1"
COMMAND_CONTEXT = b"edgeverify.command.v1\n"
"""Stands before the payload in what is signed, so that no other signature can pass for one."""
MAX_COMMAND_BYTES = 4096
CLOUD_EVENT = ("specversion", "id", "source", "type", "time", "datacontenttype")
KEYS = frozenset((*CLOUD_EVENT, "keyid", "signature", "data_base64"))
"""All that a command may hold: what the door accepts never grows keys."""
SIGNED_KEYS = frozenset(
    ("id", "door", "mode", "sequence", "issued_at", "expires_at", "until"),
)
"""All that its signed bytes may hold. A later release may mean a limit by another one."""


def command_bytes(command: Command) -> bytes:
    """Return what is signed."""
    record: dict[str, object] = {
        "id": command.id,
        "door": command.door,
        "mode": command.mode.value,
        "sequence": command.sequence,
        "issued_at": to_wire_time(command.issued_at),
        "expires_at": to_wire_time(command.expires_at),
    }
    if command.until is not None:
        record["until"] = to_wire_time(command.until)
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def command_of(raw: bytes) -> Command:
    """Read signed bytes. Raises ValueError; keys that a later release wrote are passed over.

    So an older release reads the mode that is on disk; `read_command` refuses them.
    """
    record = read_object(raw, limit_bytes=MAX_COMMAND_BYTES)
    sequence = record.get("sequence")
    if not isinstance(sequence, int) or isinstance(sequence, bool) or sequence < 1:
        raise ValueError("sequence must be a whole number above 0")
    return Command(
        id=text_of(record, "id", limit=64),
        door=text_of(record, "door"),
        mode=DoorMode(text_of(record, "mode")),
        sequence=sequence,
        issued_at=from_wire_time(text_of(record, "issued_at")),
        expires_at=from_wire_time(text_of(record, "expires_at")),
        until=from_wire_time(text_of(record, "until")) if "until" in record else None,
    )


@dataclass(frozen=True, slots=True)
class SignedCommand:
    """A command whose signature fits the key `keyid`."""

    command: Command
    keyid: str


def encode_command(command: Command, signer: Signer) -> bytes:
    """Write a command as the topic `command` takes it: a CloudEvent around the signed bytes."""
    payload = command_bytes(command)
    record = {
        "specversion": "1.0",
        "id": command.id,
        "source": f"/operators/{signer.keyid}",
        "type": COMMAND_TYPE,
        "time": to_wire_time(command.issued_at),
        "datacontenttype": "application/json",
        "keyid": signer.keyid,
        "signature": b64encode(signer.private.sign(COMMAND_CONTEXT + payload)).decode(),
        "data_base64": b64encode(payload).decode(),
    }
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def read_command(raw: bytes, keys: Mapping[str, Ed25519PublicKey]) -> SignedCommand:
    """Check the signature first, then read the bytes.

    Raises CommandRefusedError: `malformed`, `unknown_key`, `bad_signature`. Nothing else is judged
    here (`policy.mode`).
    """
    command_id = ""
    try:
        record = read_object(raw, limit_bytes=MAX_COMMAND_BYTES)
        command_id = str(record.get("id", ""))[:64]
        if record.get("type") != COMMAND_TYPE:
            raise ValueError(f"type must be {COMMAND_TYPE}")  # noqa: TRY301 - as any other mistake
        _require_known(record, KEYS)
        payload, signature = (
            base64_of(record, "data_base64", limit=MAX_COMMAND_BYTES),
            base64_of(record, "signature", limit=MAX_COMMAND_BYTES),
        )
        keyid = text_of(record, "keyid")
    except ValueError as error:
        raise CommandRefusedError("malformed", str(error), command_id) from None
    public = keys.get(keyid)
    if public is None:
        detail = f"no operator of this door has the key {keyid[:32]!r}"
        raise CommandRefusedError("unknown_key", detail, command_id)
    try:
        public.verify(signature, COMMAND_CONTEXT + payload)
    except InvalidSignature:
        detail = f"its signature does not fit key {keyid}"
        raise CommandRefusedError("bad_signature", detail, command_id) from None
    try:
        _require_known(read_object(payload, limit_bytes=MAX_COMMAND_BYTES), SIGNED_KEYS)
        return SignedCommand(command_of(payload), keyid)
    except ValueError as error:
        raise CommandRefusedError("malformed", str(error), command_id) from None


def _require_known(record: Mapping[str, object], known: frozenset[str]) -> None:
    if unknown := sorted(record.keys() - known):
        raise ValueError(f"unknown key {unknown[0]!r}")
