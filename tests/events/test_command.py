"""A command on the wire: only an operator's own bytes are read."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.domain import Command, DoorMode
from edgeverify.errors import CommandRefusedError, EventError
from edgeverify.events import ModeStatement, encode_status, read_mode, state_mode
from edgeverify.events.command import encode_command, read_command
from tests.doors import DOOR, NOON, door_keys

COMMAND = Command(
    id="c-1",
    door=DOOR,
    mode=DoorMode.OPEN,
    sequence=7,
    issued_at=NOON,
    expires_at=NOON + timedelta(seconds=30),
    until=NOON + timedelta(hours=2),
)


def test_a_command_is_read_back_as_it_was_signed(tmp_path: Path) -> None:
    keys = door_keys(tmp_path)
    signed = read_command(encode_command(COMMAND, keys), {keys.keyid: keys.public})
    assert (signed.command, signed.keyid) == (COMMAND, keys.keyid)


def _refused(raw: bytes, keys: dict) -> tuple[str, str]:
    with pytest.raises(CommandRefusedError) as refused:
        read_command(raw, keys)
    return refused.value.name, refused.value.command_id


def test_a_foreign_key_a_changed_byte_and_another_kind_of_message_are_refused(
    tmp_path: Path,
) -> None:
    keys = door_keys(tmp_path)
    known = {keys.keyid: keys.public}
    raw = encode_command(COMMAND, keys)
    assert _refused(raw, {}) == ("unknown_key", "c-1")
    record = json.loads(raw)
    forged = b64decode(record["data_base64"]).replace(b'"open"', b'"normal"')
    changed = json.dumps(record | {"data_base64": b64encode(forged).decode()}).encode()
    assert _refused(changed, known) == ("bad_signature", "c-1")
    for wrong in ({"type": "edgeverify.decision.v1"}, {"extra": 1}, {"signature": "?"}):
        assert _refused(json.dumps(record | wrong).encode(), known) == ("malformed", "c-1")


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_comes_is_refused_and_raises_nothing_else(raw: bytes) -> None:
    assert _refused(raw, {})[0] == "malformed"


def _statement(door: str = DOOR, seconds: int = 45) -> ModeStatement:
    ends = NOON + timedelta(seconds=seconds)
    return ModeStatement(door=door, mode=DoorMode.OPEN, issued_at=NOON, expires_at=ends)


def _status(keys, statement: ModeStatement) -> bytes:  # noqa: ANN001
    mode = {"name": "open", "statement": state_mode(statement, keys)}
    return encode_status("online", DOOR, at=NOON, details={"mode": mode})


def test_a_lock_reads_the_doors_own_word_and_no_other(tmp_path: Path) -> None:
    keys = door_keys(tmp_path)
    known = {keys.keyid: keys.public}
    assert read_mode(_status(keys, _statement()), DOOR, known, now=NOON) == _statement()
    plain = encode_status("online", DOOR, at=NOON, details={"mode": {"name": "open"}})
    assert read_mode(plain, DOOR, known, now=NOON) is None
    cases = (
        (_statement("back-door"), known, NOON, "came to"),
        (_statement(), {}, NOON, "unknown key"),
        (_statement(), known, NOON + timedelta(seconds=45), "expired"),
        (_statement(seconds=61), known, NOON, "a clock is wrong"),
        (_statement(), known, NOON - timedelta(seconds=20), "a clock is wrong"),
    )
    for statement, believed, now, words in cases:
        with pytest.raises(EventError, match=words):
            read_mode(_status(keys, statement), DOOR, believed, now=now)


def test_the_retained_status_alone_opens_nothing(tmp_path: Path) -> None:
    """Whoever may write the status can put any words into it, and no signature."""
    keys = door_keys(tmp_path)
    record = json.loads(_status(keys, _statement()))
    payload = b64decode(record["mode"]["statement"]["payload"]).replace(b"12:00:45", b"12:00:59")
    record["mode"]["statement"]["payload"] = b64encode(payload).decode()
    with pytest.raises(EventError, match="does not fit"):
        read_mode(json.dumps(record).encode(), DOOR, {keys.keyid: keys.public}, now=NOON)
