"""The small messages: claim (in), status, prompt and notice (out).

A notice is a CloudEvent around signed bytes. It opens nothing.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from edgeverify.domain import Asker, Degradation, Notice, Prompt
from edgeverify.errors import ClaimError
from edgeverify.events.payload import from_wire_time, to_wire_time
from edgeverify.events.signing import Signer
from edgeverify.events.strict_json import read_object, text_of
from edgeverify.settings.people import CARD

NOTICE_TYPE = "edgeverify.notice.v1"
NOTICE_CONTEXT = b"edgeverify.notice.v1\n"
"""Stands before the payload in what is signed, so that no other signature can pass for one."""


def encode_notice(notice: Notice, signer: Signer) -> bytes:
    """Write a notice for the topic `notice`."""
    payload = json.dumps(
        {
            "id": notice.id,
            "door": notice.door,
            "kind": notice.kind.value,
            "card": notice.card,
            "event_id": notice.event_id,
            "at": to_wire_time(notice.at),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    record = {
        "specversion": "1.0",
        "id": notice.id,
        "source": f"/edgeverify/{notice.door}",
        "type": NOTICE_TYPE,
        "time": to_wire_time(notice.at),
        "datacontenttype": "application/json",
        "keyid": signer.keyid,
        "signature": b64encode(signer.private.sign(NOTICE_CONTEXT + payload)).decode(),
        "data_base64": b64encode(payload).decode(),
    }
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


CLAIM_TYPE = "edgeverify.claim.v1"
EXIT_TYPE = "edgeverify.exit.v1"
PROMPT_TYPE = "edgeverify.prompt.v1"
STATUS_TYPE = "edgeverify.status.v1"
MAX_CLAIM_BYTES = 4096
MAX_CLAIM_ID = 64
CLAIM_KEYS = frozenset({"specversion", "id", "source", "type", "time", "datacontenttype", "data"})
"""All that a claim may hold: what the door accepts never grows keys, what it publishes may."""

State = Literal["online", "degraded", "offline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimMessage:
    """A well-formed claim; whether it is fresh and new is not known yet.

    `asker` stands beside it in MQTT, not in it.
    """

    id: str
    card: str
    issued_at: datetime
    asker: Asker | None = None

    @classmethod
    def from_bytes(cls, raw: bytes, *, kind: str = CLAIM_TYPE) -> ClaimMessage:
        """Read a claim, or an exit. Raises ClaimError naming what is wrong with it."""
        try:
            return cls._from_record(read_object(raw, limit_bytes=MAX_CLAIM_BYTES), kind)
        except ValueError as error:
            raise ClaimError(f"a claim is malformed: {error}") from None

    @classmethod
    def _from_record(cls, record: dict[str, object], kind: str) -> ClaimMessage:
        if record.get("type") != kind:
            raise ValueError(f"type must be {kind}")
        _refuse_others(record, CLAIM_KEYS)
        data = record.get("data")
        if isinstance(data, dict):
            _refuse_others(data, frozenset({"card"}), "data.")
        card = text_of(data, "card") if isinstance(data, dict) else ""
        if not CARD.fullmatch(card):
            raise ValueError("data.card must be a card number")
        claim_id = text_of(record, "id", limit=MAX_CLAIM_ID)
        if not claim_id.isprintable():
            raise ValueError("id must be printable")
        return cls(id=claim_id, card=card, issued_at=from_wire_time(text_of(record, "time")))


def _refuse_others(record: Mapping[str, object], allowed: frozenset[str], where: str = "") -> None:
    unknown = sorted(record.keys() - allowed)
    if unknown:
        raise ValueError(f"unknown key {where + unknown[0]!r}")


def encode_claim(claim: ClaimMessage, *, source: str, kind: str = CLAIM_TYPE) -> bytes:
    """Write a claim as a reader does; `source` names the reader (a URI reference).

    An exit (`EXIT_TYPE`) has the same shape.
    """
    record: dict[str, object] = {
        "specversion": "1.0",
        "id": claim.id,
        "source": source,
        "type": kind,
        "time": to_wire_time(claim.issued_at),
        "datacontenttype": "application/json",
        "data": {"card": claim.card},
    }
    return _json(record)


def encode_prompt(prompt: Prompt, door: str, now: datetime, *, words: str = "") -> bytes:
    """Write what to ask of the person, worth nothing after `expires_at`.

    `words` say it in the prompt's language; without them there is the English text alone.
    """
    told = {"language": prompt.language, "words": words} if words else {}
    return _json(
        {
            "type": PROMPT_TYPE,
            "door": door,
            "claim_id": prompt.claim_id,
            "kind": prompt.kind,
            "text": prompt.text,
            **({"code": prompt.code} if prompt.code else {}),
            **told,
            "expires_at": to_wire_time(now + timedelta(seconds=prompt.expires_in_seconds)),
        }
    )


def encode_status(
    state: State,
    door: str,
    *,
    at: datetime | None,
    reasons: Iterable[Degradation] = (),
    details: dict[str, object] | None = None,
) -> bytes:
    """Write the retained status. The last will has no time (`at` None): nobody knows it then.

    `details` are further facts for people and monitors (heat level, model, version); a program
    decides on `state` and the reasons' names.
    """
    record: dict[str, object] = {
        "type": STATUS_TYPE,
        "door": door,
        "state": state,
        "at": None if at is None else to_wire_time(at),
        "reasons": [{"name": reason.name.value, "detail": reason.detail} for reason in reasons],
    }
    return _json(record | (details or {}))


def _json(record: dict[str, object]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
