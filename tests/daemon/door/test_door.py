"""The whole door on recorded scenes: claim in, decision out, journal first."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from edgeverify.demo.scenes import OTHER_CARD, OWNER_CARD, UNKNOWN_CARD, Film
from edgeverify.domain import FaultName, Outcome, Reason, Reference
from edgeverify.errors import JournalUnavailableError, RuntimeUnavailableError
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
