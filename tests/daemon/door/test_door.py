"""The whole door on recorded scenes: claim in, decision out, journal first."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from edgeverify.claims import MQTT, WALK_UP
from edgeverify.daemon.door.door import CLAIMS_A_TURN
from edgeverify.demo.scenes import OTHER_CARD, OWNER_CARD, UNKNOWN_CARD, Film
from edgeverify.domain import Claim, ClaimSource, FaultName, Outcome, Reason, Reference
from edgeverify.errors import JournalUnavailableError, RuntimeUnavailableError
from edgeverify.events import DecisionPayload
from edgeverify.journal.impostors import read_live
from edgeverify.journal.reading import recent
from edgeverify.settings import (
    CameraSettings,
    ClaimSettings,
    DecisionSettings,
    JournalSettings,
)
from edgeverify.thermal import Level
from tests.daemon.stage import DoorOnStage

Stage = Callable[..., DoorOnStage]


def _reason(door: DoorOnStage) -> Reason:
    (decided,) = door.play()
    return decided.reason


def test_ada_walks_up_with_her_card_and_is_let_in(stage: Stage) -> None:
    door = stage(Film.OWNER_WALKS_UP)
    door.claim(OWNER_CARD)
    (decided,) = door.play()
    assert decided.outcome is Outcome.GRANT
    assert [row.outcome for row in recent(door.journal.path)] == [Outcome.GRANT]
    assert [event.decision.outcome for event in door.recorder.events] == [Outcome.GRANT]


def test_bob_with_adas_card_is_denied_before_the_time_out(stage: Stage) -> None:
    door = stage(Film.OTHER_WALKS_UP)
    door.claim(OWNER_CARD)
    (decided,) = door.play()
    assert decided.reason is Reason.NON_MATCH
    assert decided.comparisons == DecisionSettings().max_comparisons


def test_who_was_let_in_is_compared_with_everybody_else_for_the_rate_of_this_door(
    stage: Stage,
) -> None:
    door = stage(Film.OWNER_WALKS_UP)
    door.claim(OWNER_CARD)
    (decided,) = door.play()
    assert decided.outcome is Outcome.GRANT
    (space,) = {one.embedding.embedding_space for one in _everybody(door)}
    found = read_live(door.journal.path, space)
    assert (found.rate.people, found.rate.grants, found.rate.comparisons) == (1, 1, 1)
    assert found.rate.false_matches == 0  # Ada's face is not Bob's
    assert [count for _, count in found.bins] == [1]


def test_who_was_denied_says_nothing_about_the_rate(stage: Stage) -> None:
    door = stage(Film.OTHER_WALKS_UP)
    door.claim(OWNER_CARD)
    door.play()
    (space,) = {one.embedding.embedding_space for one in _everybody(door)}
    assert read_live(door.journal.path, space).rate.comparisons == 0


def test_counting_can_be_switched_off(stage: Stage) -> None:
    door = stage(Film.OWNER_WALKS_UP, journal=JournalSettings(live_fmr=False))
    door.claim(OWNER_CARD)
    (decided,) = door.play()
    assert decided.outcome is Outcome.GRANT
    (space,) = {one.embedding.embedding_space for one in _everybody(door)}
    assert read_live(door.journal.path, space).rate.comparisons == 0


def test_a_count_that_fails_changes_no_decision(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = stage(Film.OWNER_WALKS_UP)

    def broken(*_: object, **__: object) -> None:
        raise JournalUnavailableError("the disk is full")

    monkeypatch.setattr(door.journal, "count_others", broken)
    door.claim(OWNER_CARD)
    (decided,) = door.play()
    assert decided.outcome is Outcome.GRANT
    assert door.door.attempt is None
    assert [row.outcome for row in recent(door.journal.path)] == [Outcome.GRANT]


def _everybody(door: DoorOnStage) -> tuple[Reference, ...]:
    return door.door.board.current.people.here()


def test_an_unknown_card_needs_no_look(stage: Stage) -> None:
    door = stage(Film.OWNER_WALKS_UP)
    door.claim(UNKNOWN_CARD)
    assert _reason(door) is Reason.UNKNOWN_REFERENCE
    assert door.door.last_sequence == 0


def test_nobody_there(stage: Stage) -> None:
    door = stage(Film.EMPTY_ROOM, count=10, decision=DecisionSettings(timeout_seconds=0.5))
    door.claim(OWNER_CARD)
    assert _reason(door) is Reason.NO_FACE


def test_two_people_at_once(stage: Stage) -> None:
    door = stage(Film.TWO_PEOPLE, count=10, decision=DecisionSettings(timeout_seconds=0.5))
    door.claim(OWNER_CARD)
    assert _reason(door) is Reason.MULTIPLE_FACES


def test_a_video_that_ends_is_a_camera_that_is_gone(stage: Stage) -> None:
    door = stage(Film.EMPTY_ROOM, count=3)
    door.claim(OWNER_CARD)
    assert _reason(door) is Reason.CAMERA_UNAVAILABLE


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


def test_heat_that_suspends_denies_a_matching_face(stage: Stage) -> None:
    door = stage(Film.OWNER_WALKS_UP)
    door.heat[0] = Level.SUSPENDED
    door.claim(OWNER_CARD)
    assert _reason(door) is Reason.OVERHEATED


def test_a_clock_that_was_never_set_denies_a_matching_face(stage: Stage) -> None:
    door = stage(Film.OWNER_WALKS_UP)
    door.clock.trusted = False
    door.claim(OWNER_CARD)
    assert _reason(door) is Reason.CLOCK_UNSYNCED


def test_without_a_row_there_is_no_grant(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    door = stage(Film.OWNER_WALKS_UP)

    def full(*_: object) -> object:
        raise JournalUnavailableError("the disk is full")

    monkeypatch.setattr(door.journal, "record", full)
    monkeypatch.setattr(door.recorder, "publish_live", lambda signed: signed is not None)
    door.claim(OWNER_CARD)
    (decided,) = door.play()
    assert decided.outcome is Outcome.DENY
    assert decided.reason is Reason.JOURNAL_UNAVAILABLE
    assert recent(door.journal.path) == ()
    assert FaultName.JOURNAL_UNAVAILABLE in door.faults


def test_a_model_that_breaks_is_a_denial_with_its_reason(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = stage(Film.OWNER_WALKS_UP)

    def broken(*_: object) -> object:
        raise RuntimeUnavailableError("the network gave no number")

    door.claim(OWNER_CARD)
    door.door.turn()
    with monkeypatch.context() as patch:
        patch.setattr(door.door.pipeline, "observe", broken)
        with pytest.raises(RuntimeUnavailableError):
            door.play()
    (decided,) = door.door.fail(Reason.MODEL_UNAVAILABLE)
    assert decided.reason is Reason.MODEL_UNAVAILABLE
    assert door.door.attempt is None


@pytest.mark.slow
def test_a_photo_held_up_with_liveness_on_is_never_let_in(stage: Stage) -> None:
    door = stage(Film.OWNER_WALKS_UP, count=90, liveness="challenge")
    door.claim(OWNER_CARD)
    (decided,) = door.play(2000)
    assert decided.outcome is Outcome.DENY
    assert decided.reason in {
        Reason.PRESENTATION_ATTACK,
        Reason.CHALLENGE_FAILED,
        Reason.CAMERA_UNAVAILABLE,
    }


def test_golden_replay_gives_exactly_these_events(stage: Stage) -> None:
    """The same film, ids, time and key: every signed byte is known beforehand."""
    door = stage(Film.OWNER_WALKS_UP)
    door.claim(OWNER_CARD)
    door.play()
    (signed,) = door.recorder.events
    first = json.loads(signed.payload)
    start = first.pop("sequence")
    assert start > 0
    assert first == {
        "event_id": "event-1",
        "door": "front-door",
        "claim_id": "claim-1",
        "card": OWNER_CARD,
        "outcome": "grant",
        "reason": "match",
        "issued_at": "2026-03-02T00:00:00.200Z",
        "expires_at": "2026-03-02T00:00:05.200Z",
    }
    again = stage(Film.EMPTY_ROOM, count=30)
    assert again.play(5) == ()


def test_walking_up_without_a_reader_is_one_attempt_then_a_pause(stage: Stage) -> None:
    door = stage(Film.OWNER_WALKS_UP, count=40, claims=ClaimSettings(sources=("walk_up",)))
    (decided,) = door.play()
    assert (decided.outcome, decided.card) == (Outcome.GRANT, OWNER_CARD)
    assert door.play(10) == ()


def test_an_empty_room_makes_no_claims(stage: Stage) -> None:
    door = stage(Film.EMPTY_ROOM, count=20, claims=ClaimSettings(sources=("walk_up",)))
    assert door.play(60) == ()
    assert door.recorder.events == []


def test_the_rooms_one_occupant_is_let_in_and_a_visitor_is_not(stage: Stage) -> None:
    claims = ClaimSettings(sources=("fixed",), fixed_card=OWNER_CARD)
    (decided,) = stage(Film.OWNER_WALKS_UP, count=40, claims=claims).play()
    assert decided.outcome is Outcome.GRANT
    (decided,) = stage(Film.OTHER_WALKS_UP, count=40, claims=claims).play()
    assert decided.reason is Reason.NON_MATCH


@pytest.mark.slow
def test_five_failures_lock_the_card_even_for_its_owner(stage: Stage) -> None:
    impostor = stage(Film.OTHER_WALKS_UP, count=90, camera=CameraSettings(loop=True))
    for attempt in range(5):
        impostor.claim(OWNER_CARD, name=f"attempt-{attempt}")
        assert _reason(impostor) is Reason.NON_MATCH
    impostor.claim(OWNER_CARD, name="sixth")
    assert _reason(impostor) is Reason.LOCKED_OUT
    impostor.claim(OTHER_CARD, name="his own card")
    (decided,) = impostor.play()
    assert decided.outcome is Outcome.GRANT


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
