"""Claims by the hundred, and people who stand before a closed door: bounded, and nobody starves."""

from __future__ import annotations

from collections.abc import Callable

from edgeverify.claims import FIXED, MQTT
from edgeverify.daemon.door.door import CLAIMS_A_TURN, INTERRUPTIONS
from edgeverify.daemon.door.folds import FACE_RATE, READER_RATE, Folds
from edgeverify.demo.scenes import OTHER_CARD, OWNER_CARD, UNKNOWN_CARD, Film
from edgeverify.domain import Claim, ClaimSource, Decision, Outcome, Reason
from edgeverify.journal.reading import recent
from edgeverify.settings import CameraSettings, ClaimSettings
from tests.daemon.stage import MIDNIGHT, DoorOnStage

Stage = Callable[..., DoorOnStage]


def _put(door: DoorOnStage, card: str, name: str, *, is_known: bool) -> None:
    claim = Claim(
        id=name,
        card=card,
        issued_at=door.clock.wall(),
        received_at=door.door.camera.now(),
        source=MQTT,
    )
    door.door.inbox.put(claim, is_known=is_known)


def test_a_bogus_claim_does_not_end_an_honest_attempt(stage: Stage) -> None:
    door = stage(Film.OWNER_WALKS_UP)
    door.claim(OWNER_CARD, name="honest")
    decided = list(door.door.turn())
    for number in range(100):
        _put(door, f"{UNKNOWN_CARD}{number}", f"bogus-{number}", is_known=False)
        decided += door.door.turn()
        if any(one.claim_id == "honest" for one in decided):
            break
    (honest,) = [one for one in decided if one.claim_id == "honest"]
    assert honest.outcome is Outcome.GRANT
    assert all(one.reason is Reason.UNKNOWN_REFERENCE for one in decided if one is not honest)


def test_a_flood_of_unknown_cards_is_a_few_rows_with_a_count(stage: Stage) -> None:
    door = stage(Film.EMPTY_ROOM)
    for number in range(20 * CLAIMS_A_TURN):
        _put(door, f"{UNKNOWN_CARD}{number}", f"bogus-{number}", is_known=False)
        door.door.turn()
    door.door.finish()
    rows = recent(door.journal.path, limit=1000)
    assert READER_RATE[0] <= len(rows) < 2 * READER_RATE[0]
    stands_for = sum(int(row.details.get("folded", 1)) for row in rows)
    assert stands_for == 20 * CLAIMS_A_TURN, "every one is counted"


def test_two_cards_in_turn_end_each_others_attempts_only_so_often(stage: Stage) -> None:
    door = stage(Film.EMPTY_ROOM, count=100)
    door.claim(OWNER_CARD, name="first")
    decided = list(door.door.turn())
    for number in range(20):
        door.claim((OTHER_CARD, OWNER_CARD)[number % 2], name=f"more-{number}")
        decided += door.door.turn()
    superseded = [one for one in decided if one.reason is Reason.SUPERSEDED]
    assert len(superseded) == INTERRUPTIONS[0]
    assert door.door.attempt is not None
    assert {claim.card for claim in door.door.waiting} == {OWNER_CARD}, "its turn comes"


def test_a_fixed_door_out_of_hours_pauses_between_denials(stage: Stage) -> None:
    claims = ClaimSettings(sources=("fixed",), fixed_card=UNKNOWN_CARD, retry_pause_seconds=3.0)
    door = stage(Film.OWNER_WALKS_UP, claims=claims, camera=CameraSettings(loop=True))
    decided: list[Decision] = []
    for _ in range(120):
        decided += door.door.turn()
    seconds = door.door.camera.now()
    assert decided, "somebody stood there"
    assert len(decided) <= 1 + seconds * FACE_RATE[1] + 1
    attempts = door.door.folds.all()
    assert sum(fold.count for fold in attempts) <= 1 + seconds / claims.retry_pause_seconds


def _denial(number: int, source: ClaimSource) -> tuple[Decision, Claim]:
    claim = Claim(id=f"{number}", card="0", issued_at=MIDNIGHT, received_at=0.0, source=source)
    return (
        Decision(claim_id=claim.id, card="0", outcome=Outcome.DENY, reason=Reason.NOT_VALID_NOW),
        claim,
    )


def test_what_is_folded_is_written_when_its_time_has_come(stage: Stage) -> None:
    situation = stage(Film.EMPTY_ROOM).door.board.current
    folds = Folds()
    told = [
        not folds.takes(*_denial(number, FIXED), situation, now=number / 10) for number in range(50)
    ]
    assert told == [True, *[False] * 49]
    assert folds.due(30.0) == ()
    (fold,) = folds.due(61.0)
    assert (fold.count, fold.decision.claim_id) == (49, "49")
    assert folds.due(200.0) == ()
