"""A key is announced before it signs, and only a key that is trusted already can announce one."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edgeverify.errors import EventError
from edgeverify.events import NEXT_KEY, NextKey, announce, encode_status, read_next_key
from edgeverify.keys import SigningKeys
from tests.doors import DOOR, NOON, door_keys

FOLLOWING = NextKey(
    door=DOOR,
    public=Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key(),
    begins_at=NOON + timedelta(days=7),
)


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return door_keys(tmp_path)


def _status(announced: object) -> bytes:
    return encode_status("online", DOOR, at=NOON, details={NEXT_KEY: announced})


def test_a_subscriber_reads_the_next_key_and_when_it_begins(keys: SigningKeys) -> None:
    status = _status(announce(FOLLOWING, keys))
    assert read_next_key(status, DOOR, {keys.keyid: keys.public}) == FOLLOWING


def test_a_status_without_an_announcement_changes_nothing(keys: SigningKeys) -> None:
    trusted = {keys.keyid: keys.public}
    assert read_next_key(encode_status("offline", DOOR, at=None), DOOR, trusted) is None


def test_a_stranger_cannot_announce_a_key(keys: SigningKeys, tmp_path: Path) -> None:
    (tmp_path / "stranger").mkdir()
    stranger = door_keys(tmp_path / "stranger")
    status = _status(announce(FOLLOWING, stranger))
    with pytest.raises(EventError, match="unknown key"):
        read_next_key(status, DOOR, {keys.keyid: keys.public})
    forged = {**announce(FOLLOWING, stranger), "keyid": keys.keyid}
    with pytest.raises(EventError, match="signature does not fit"):
        read_next_key(_status(forged), DOOR, {keys.keyid: keys.public})


def test_another_doors_announcement_is_refused(keys: SigningKeys) -> None:
    status = _status(announce(FOLLOWING, keys))
    with pytest.raises(EventError, match="of door"):
        read_next_key(status, "back-door", {keys.keyid: keys.public})


@pytest.mark.parametrize(
    "announced", [7, {}, {"keyid": "k", "payload": "!", "signature": "AA=="}, {"payload": ""}]
)
def test_what_is_no_announcement_is_refused_by_name(announced: object, keys: SigningKeys) -> None:
    with pytest.raises(EventError, match="malformed"):
        read_next_key(_status(announced), DOOR, {keys.keyid: keys.public})


def test_a_decision_cannot_pass_for_a_key(keys: SigningKeys) -> None:
    announced = announce(FOLLOWING, keys)
    without_context = keys.private.sign(json.dumps({"door": DOOR}).encode())
    announced["signature"] = b64encode(without_context).decode()
    with pytest.raises(EventError, match="does not fit"):
        read_next_key(_status(announced), DOOR, {keys.keyid: keys.public})
