"""What stands on the wire: signed bytes that nobody re-serialises, and strict reading."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.domain import Degradation, FaultName, Outcome, Prompt, Reason
from edgeverify.errors import EventError
from edgeverify.events import (
    DecisionPayload,
    EventKind,
    encode_event,
    encode_prompt,
    encode_status,
    from_wire_time,
    key_id,
    parse_event,
    sign,
    to_wire_time,
)
from edgeverify.events.signing import CONTEXT
from edgeverify.events.strict_json import read_object
from edgeverify.keys import key_id as key_id_of_keys
from tests.doors import DOOR, NOON, door_keys

GRANT = DecisionPayload(
    event_id="0d5c",
    door=DOOR,
    claim_id="c-1",
    card="0012345",
    outcome=Outcome.GRANT,
    reason=Reason.MATCH,
    sequence=7,
    issued_at=NOON,
    expires_at=NOON + timedelta(seconds=5),
)


def test_the_payload_is_these_very_bytes() -> None:
    assert GRANT.to_bytes() == (
        b'{"event_id":"0d5c","door":"front-door","claim_id":"c-1","card":"0012345",'
        b'"outcome":"grant","reason":"match","sequence":7,'
        b'"issued_at":"2026-11-22T12:00:00.000Z","expires_at":"2026-11-22T12:00:05.000Z"}'
    )
    assert DecisionPayload.from_bytes(GRANT.to_bytes()) == GRANT


def test_the_signature_covers_a_context_line_and_exactly_those_bytes(tmp_path: Path) -> None:
    keys = door_keys(tmp_path)
    signed = sign(GRANT, keys)
    keys.public.verify(signed.signature, b"edgeverify.decision.v1\n" + GRANT.to_bytes())
    record = json.loads(encode_event(signed, EventKind.LIVE))
    assert b64decode(record["data_base64"]) == signed.payload
    assert b64decode(record["signature"]) == signed.signature
    assert record["keyid"] == keys.keyid == key_id(keys.public) == key_id_of_keys(keys.public)
    assert record["type"] == "edgeverify.decision.v1"
    assert record["id"] == GRANT.event_id
    assert set(record) == {
        *("specversion", "id", "source", "type", "time"),
        *("datacontenttype", "keyid", "signature", "data_base64"),
    }


def test_history_is_another_type_with_the_same_signed_bytes(tmp_path: Path) -> None:
    signed = sign(GRANT, door_keys(tmp_path))
    live = json.loads(encode_event(signed, EventKind.LIVE, score=0.9, threshold=0.8))
    past = json.loads(encode_event(signed, EventKind.HISTORY, score=0.9, threshold=0.8))
    assert past["type"] == "edgeverify.history.v1"
    assert past["data_base64"] == live["data_base64"]
    assert "score" not in live, "scores never stand in a live event"
    assert past["score"] == "0.900000"
    assert parse_event(json.dumps(past).encode()).score == 0.9


def test_a_changed_byte_does_not_pass(tmp_path: Path) -> None:
    keys = door_keys(tmp_path)
    denied = replace(GRANT, outcome=Outcome.DENY, reason=Reason.NON_MATCH)
    event = parse_event(encode_event(sign(denied, keys), EventKind.LIVE))
    forged = replace(event, payload=GRANT.to_bytes())
    with pytest.raises(EventError, match="signature does not fit"):
        forged.verified({keys.keyid: keys.public})


def test_the_key_of_another_context_does_not_pass(tmp_path: Path) -> None:
    keys = door_keys(tmp_path)
    event = parse_event(encode_event(sign(GRANT, keys), EventKind.LIVE))
    bare = replace(event, signature=keys.private.sign(GRANT.to_bytes()))
    with pytest.raises(EventError, match="signature"):
        bare.verified({keys.keyid: keys.public})
    assert CONTEXT == b"edgeverify.decision.v1\n"


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    event = parse_event(encode_event(sign(GRANT, door_keys(tmp_path)), EventKind.LIVE))
    with pytest.raises(EventError, match="unknown key"):
        event.verified({})


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"\xff{}", "not UTF-8"),
        (b"{" * 100, "nested deeper"),
        (b'{"a":1,"a":2}', "a key appears twice"),
        (b'{"a":NaN}', "NaN is not JSON"),
        (b'{"a":' + b"9" * 300 + b"}", "longer than"),
    ],
)
def test_strict_json(raw: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_object(raw, limit_bytes=256)


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": 0},
        {"sequence": True},
        {"sequence": "7"},
        {"outcome": "open"},
        {"reason": "because"},
        {"outcome": "deny"},
        {"card": 12345},
        {"card": "x" * 300},
        {"door": ""},
        {"issued_at": "yesterday"},
        {"issued_at": "2026-11-22T12:00:00"},
        {"expires_at": "0001-01-01T00:00:00+23:59"},
    ],
)
def test_a_payload_that_is_not_one_is_refused(change: dict[str, object]) -> None:
    record = json.loads(GRANT.to_bytes()) | change
    with pytest.raises(EventError, match="malformed"):
        DecisionPayload.from_bytes(json.dumps(record).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"specversion": "0.3"},
        {"type": "edgeverify.decision.v2"},
        {"signature": "not base64!"},
        {"data_base64": 7},
        {"keyid": None},
        {"score": "high"},
    ],
)
def test_an_envelope_that_is_not_one_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    record = json.loads(encode_event(sign(GRANT, door_keys(tmp_path)), EventKind.LIVE)) | change
    with pytest.raises(EventError, match="malformed"):
        parse_event(json.dumps(record).encode())


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    with pytest.raises(EventError):
        parse_event(raw)
    with pytest.raises(EventError):
        DecisionPayload.from_bytes(raw)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_wire_times_come_back_to_the_millisecond(moment: datetime) -> None:
    aware = moment.replace(tzinfo=timezone.utc)
    back = from_wire_time(to_wire_time(aware))
    assert timedelta(0) <= aware - back < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "text",
    ["2026-11-22T12:00:00Z", "2026-11-22T12:00:00.0Z", "2026-11-22T13:00:00.000000000+01:00"],
)
def test_other_writers_times_are_read(text: str) -> None:
    assert from_wire_time(text) == NOON


def test_a_prompt_carries_its_end() -> None:
    prompt = Prompt(claim_id="c-1", kind="hint", text="move closer", expires_in_seconds=2)
    record = json.loads(encode_prompt(prompt, DOOR, NOON))
    assert record["text"] == "move closer"
    assert record["expires_at"] == "2026-11-22T12:00:02.000Z"


def test_a_status_names_its_reasons() -> None:
    reason = Degradation(name=FaultName.CAMERA_STALLED, detail="no new frame for 2 s")
    record = json.loads(encode_status("degraded", DOOR, at=NOON, reasons=[reason]))
    assert record["state"] == "degraded"
    assert record["reasons"] == [{"name": "camera_stalled", "detail": "no new frame for 2 s"}]
    assert json.loads(encode_status("offline", DOOR, at=None))["at"] is None


def test_base64_of_a_stranger_is_bounded(tmp_path: Path) -> None:
    record = json.loads(encode_event(sign(GRANT, door_keys(tmp_path)), EventKind.LIVE))
    record["data_base64"] = b64encode(b"x" * 20_000).decode()
    with pytest.raises(EventError, match="longer than 16384"):
        parse_event(json.dumps(record).encode())
