"""A notice on the wire: a CloudEvent around signed bytes. It opens nothing."""

from __future__ import annotations

import json
from base64 import b64encode

from edgeverify.domain import Notice
from edgeverify.events.payload import to_wire_time
from edgeverify.events.signing import Signer

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
