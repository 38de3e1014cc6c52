"""More than one claim at a time: joined, ended, answered, and a flood of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from edgeverify.claims import MQTT, WALK_UP
from edgeverify.daemon.door.door import CLAIMS_A_TURN
from edgeverify.demo.scenes import OTHER_CARD, OWNER_CARD, UNKNOWN_CARD, Film
from edgeverify.domain import Claim, ClaimSource, Outcome, Reason
from edgeverify.events import DecisionPayload
from edgeverify.settings import (
    ClaimSettings,
)
from tests.daemon.stage import DoorOnStage

Stage = Callable[..., DoorOnStage]


def test_another_card_ends_the_attempt_that_runs(stage: Stage) -> None:
    door = stage(Film.EMPTY_ROOM, count=30)
    door.claim(OWNER_CARD, name="first")
    assert door.door.turn() == ()
    door.claim(OTHER_CARD, name="second")
    (decided,) = door.door.turn()
    assert (decided.claim_id, decided.reason) == ("first", Reason.SUPERSEDED)
    assert door.door.attempt is not None
    assert door.door.attempt.claim.card == OTHER_CARD


def test_the_same_card_again_joins_its_own_attempt(stage: Stage) -> None:
    door = stage(Film.OWNER_WALKS_UP)
    door.claim(OWNER_CARD, name="first")
    door.door.turn()
    door.claim(OWNER_CARD, name="again")
    (decided,) = door.play()
    assert decided.claim_id == "first"
    assert set(door.journal.claim_ids(door.clock.wall())) == {"first", "again"}
    assert len(door.recorder.events) == 1


def test_whoever_claimed_hears_the_answer_under_their_own_id(stage: Stage) -> None:
    door = stage(Film.OWNER_WALKS_UP)
    door.claim(OWNER_CARD, name="first")
    door.door.turn()
    door.claim(OWNER_CARD, name="again")
    (decided,) = door.play()
    answers = [DecisionPayload.from_bytes(answer.payload) for answer in door.recorder.answers]
    assert [answer.claim_id for answer in answers] == ["first", "again"]
    assert {answer.outcome for answer in answers} == {decided.outcome}
    assert [answer.decided_claim for answer in door.recorder.answers] == ["", "first"]


def test_an_attempt_that_was_ended_by_another_card_is_answered_too(stage: Stage) -> None:
    door = stage(Film.EMPTY_ROOM, count=30)
    door.claim(OWNER_CARD, name="first")
    door.door.turn()
    door.claim(OTHER_CARD, name="second")
    door.door.turn()
    (answer,) = door.recorder.answers
    said = DecisionPayload.from_bytes(answer.payload)
    assert (said.claim_id, said.reason) == ("first", Reason.SUPERSEDED)


def test_what_the_door_claims_itself_is_answered_to_nobody(stage: Stage) -> None:
    door = stage(
        Film.OWNER_WALKS_UP, claims=ClaimSettings(sources=("fixed",), fixed_card=OWNER_CARD)
    )
    assert door.play()
    assert door.recorder.answers == []


@pytest.mark.parametrize("reader", [MQTT, ClaimSource(name="usb", is_card_reader=True)])
def test_a_card_at_any_reader_joins_its_own_attempt_and_ends_another(
    stage: Stage, reader: ClaimSource
) -> None:
    door = stage(Film.EMPTY_ROOM, count=30)
    door.claim(OWNER_CARD, name="first", source=reader)
    door.door.turn()
    door.claim(OWNER_CARD, name="again", source=reader)
    assert door.door.turn() == ()
    door.claim(OTHER_CARD, name="another", source=reader)
    (ended,) = door.door.turn()
    assert (ended.claim_id, ended.reason) == ("first", Reason.SUPERSEDED)
    assert door.door.attempt is not None
    assert door.door.attempt.claim.id == "another"
    assert {"first", "again"} <= set(door.journal.claim_ids(door.clock.wall()))


def test_what_the_door_claims_itself_waits_while_somebody_with_a_card_is_looked_at(
    stage: Stage,
) -> None:
    door = stage(Film.EMPTY_ROOM, count=30)
    door.claim(OWNER_CARD, name="first")
    door.door.turn()
    door.claim("", name="a face", source=WALK_UP)
    assert door.door.turn() == ()
    assert door.door.attempt is not None
    assert door.door.attempt.claim.id == "first"


def test_a_stale_claim_for_another_card_does_not_end_the_attempt_that_runs(stage: Stage) -> None:
    door = stage(Film.EMPTY_ROOM, count=30)
    door.claim(OWNER_CARD, name="first")
    door.door.turn()
    stale = Claim(
        id="stale",
        card=OTHER_CARD,
        issued_at=door.clock.wall() - timedelta(minutes=5),
        received_at=door.door.camera.now(),
        source=MQTT,
    )
    door.door.inbox.put(stale)
    (decided,) = door.door.turn()
    assert (decided.claim_id, decided.reason) == ("stale", Reason.CLAIM_EXPIRED)
    assert door.door.attempt is not None
    assert door.door.attempt.claim.id == "first"


def test_a_flood_of_claims_leaves_time_for_frames(stage: Stage) -> None:
    door = stage(Film.EMPTY_ROOM, count=30)
    for number in range(30):
        door.claim(f"{UNKNOWN_CARD}-{number}", name=f"flood-{number}")
    assert len(door.door.turn()) == CLAIMS_A_TURN
    assert len(door.door.inbox) == 30 - CLAIMS_A_TURN


def test_a_claim_that_breaks_its_own_beginning_is_denied_and_written_down(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = stage(Film.OWNER_WALKS_UP)

    def broken(*_: object) -> object:
        raise ValueError("no liveness today")

    monkeypatch.setattr(door.door, "make_judge", broken)
    door.claim(OWNER_CARD)
    with pytest.raises(ValueError, match="no liveness today"):
        door.door.turn()
    (signed,) = door.recorder.events
    assert signed.decision.reason is Reason.INTERNAL_ERROR
    assert door.door.attempt is None


def test_while_a_reload_waits_claims_wait_too(stage: Stage) -> None:
    door = stage(Film.OWNER_WALKS_UP)
    door.door.is_changing = True
    door.claim(OWNER_CARD)
    assert door.door.turn() == ()
    door.door.is_changing = False
    (decided,) = door.play()
    assert decided.outcome is Outcome.GRANT
