"""The lock controller's side: what opens the door, and everything that must not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from edgeverify.client import EventChecker, load_verify_keys
from edgeverify.domain import Outcome
from edgeverify.errors import EventError, KeyUnusableError
from edgeverify.events import (
    MAX_LIFETIME_SECONDS,
    DecisionPayload,
    EventKind,
    Topics,
    encode_event,
    sign,
)
from edgeverify.journal.rows import payload_of
from edgeverify.keys import SigningKeys
from edgeverify.settings.outside import EventSettings
from tests.doors import DOOR, NOON, decided, door_keys, event_of, public_pem

ROOT = Path(__file__).resolve().parent.parent
TOPICS = Topics(DOOR)


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return door_keys(tmp_path)


def _checker(keys: SigningKeys, **more: int) -> EventChecker:
    return EventChecker(DOOR, {keys.keyid: keys.public}, **more)


def test_a_grant_opens(keys: SigningKeys) -> None:
    event = _checker(keys).check(event_of(keys, 7), now=NOON)
    assert event.granted
    assert (event.card, event.sequence, event.missed) == ("0012345", 7, 0)


def test_a_denial_does_not(keys: SigningKeys) -> None:
    event = _checker(keys).check(
        event_of(keys, 7, decided("x", outcome=Outcome.DENY, at=NOON)), now=NOON
    )
    assert not event.granted
    assert event.reason.value == "non_match"


def test_after_its_five_seconds_it_is_worth_nothing(keys: SigningKeys) -> None:
    with pytest.raises(EventError, match=r"expired 0\.0 s ago"):
        _checker(keys).check(event_of(keys, 7), now=NOON + timedelta(seconds=5))


def test_another_doors_grant_is_refused(keys: SigningKeys) -> None:
    elsewhere = EventChecker("back-door", {keys.keyid: keys.public})
    with pytest.raises(EventError, match="of door 'front-door' came to 'back-door'"):
        elsewhere.check(event_of(keys, 7), now=NOON)


def test_a_grant_that_a_panel_opens_is_none_to_act_on(keys: SigningKeys) -> None:
    """Behind an access-control panel; what a later release writes there counts as well."""
    for number, opened_by in enumerate(("panel", "somebody else"), start=7):
        raw = event_of(keys, number, decided("x", at=NOON, opened_by=opened_by))
        event = _checker(keys).check(raw, now=NOON)
        assert event.decision.outcome is Outcome.GRANT
        assert (event.granted, event.decision.opened_by) == (False, opened_by)
    assert b"opened_by" not in payload_of(decided("x", at=NOON), 7).to_bytes()


@pytest.mark.parametrize("sequence", [6, 7])
def test_a_repeated_or_older_sequence_is_refused(keys: SigningKeys, sequence: int) -> None:
    checker = _checker(keys)
    checker.check(event_of(keys, 7), now=NOON)
    with pytest.raises(EventError, match="not above 7"):
        checker.check(event_of(keys, sequence), now=NOON)


def test_a_gap_is_reported_and_accepted(keys: SigningKeys) -> None:
    checker = _checker(keys, after_sequence=7)
    assert checker.check(event_of(keys, 11), now=NOON).missed == 3


def test_a_grant_that_would_be_valid_for_years_is_refused(keys: SigningKeys) -> None:
    """The door's clock is ten years ahead: its grant would open until then."""
    ahead = decided("x", at=NOON + timedelta(days=3650))
    with pytest.raises(EventError, match="a clock is wrong"):
        _checker(keys).check(event_of(keys, 7, ahead), now=NOON)


def test_a_grant_with_too_long_a_life_is_refused(keys: SigningKeys) -> None:
    payload = payload_of(decided("x", at=NOON), 7)
    fields = {name: getattr(payload, name) for name in DecisionPayload.__slots__}
    fields["expires_at"] = NOON + timedelta(seconds=61)
    raw = encode_event(sign(DecisionPayload(**fields), keys), EventKind.LIVE)
    with pytest.raises(EventError, match="61 s"):
        _checker(keys).check(raw, now=NOON + timedelta(seconds=30))


def test_no_setting_lets_a_door_promise_more_than_a_lock_accepts() -> None:
    with pytest.raises(ValidationError):
        EventSettings(expires_seconds=MAX_LIFETIME_SECONDS + 0.001)
    EventSettings(expires_seconds=MAX_LIFETIME_SECONDS)


def test_without_a_known_sequence_what_was_issued_before_the_start_is_refused(
    keys: SigningKeys,
) -> None:
    checker = EventChecker(DOOR, {keys.keyid: keys.public}, since=NOON)
    with pytest.raises(EventError, match="before this program began"):
        checker.check(event_of(keys, 7, decided("x", at=NOON - timedelta(seconds=1))), now=NOON)
    assert checker.check(event_of(keys, 7), now=NOON).granted


def test_a_refused_event_does_not_count_as_seen(keys: SigningKeys, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    checker, stranger = _checker(keys), door_keys(tmp_path / "other")
    with pytest.raises(EventError):
        checker.check(event_of(stranger, 1_000_000), now=NOON)
    with pytest.raises(EventError):
        checker.check(event_of(keys, 2_000_000), now=NOON + timedelta(hours=1))
    assert checker.check(event_of(keys, 8), now=NOON).granted


def test_retained_or_historic_grants_open_nothing(keys: SigningKeys) -> None:
    checker = _checker(keys)
    with pytest.raises(EventError, match="retained"):
        checker.check(event_of(keys, 7), now=NOON, is_retained=True)
    with pytest.raises(EventError, match="history"):
        checker.check(event_of(keys, 7, kind=EventKind.HISTORY), now=NOON)
    past = checker.check_history(event_of(keys, 7, kind=EventKind.HISTORY))
    assert past.decision.outcome is Outcome.GRANT
    assert not past.granted


def test_keys_are_read_from_pem_one_or_more_in_a_file(keys: SigningKeys, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    new = door_keys(tmp_path / "new")
    both = tmp_path / "both.pub"
    both.write_bytes(
        public_pem(tmp_path, keys.public).read_bytes()
        + public_pem(tmp_path / "new", new.public).read_bytes()
    )
    assert set(load_verify_keys([both])) == {keys.keyid, new.keyid}


@pytest.mark.parametrize("content", [b"", b"not a key", b"-----BEGIN PUBLIC KEY-----\nxx"])
def test_a_key_file_that_is_none_is_a_plain_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key.pub"
    path.write_bytes(content)
    with pytest.raises(KeyUnusableError, match="not a PEM public key"):
        load_verify_keys([path])
    with pytest.raises(KeyUnusableError, match="cannot read"):
        load_verify_keys([tmp_path / "absent.pub"])
