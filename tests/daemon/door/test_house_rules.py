"""Duress, anti-passback and whoever comes behind: at the real loop, before real faces."""

from __future__ import annotations

import json
import os
import pty
import tty
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeverify.claims import ExitIntake, RunningSources
from edgeverify.daemon.beside_claims import Exits
from edgeverify.daemon.notice_delivery import NoticeDelivery
from edgeverify.demo.film import FRAMES_PER_SECOND, HEIGHT, WIDTH, Cast, frames
from edgeverify.demo.scenes import OWNER_CARD, Film
from edgeverify.domain import Asker, Notice, NoticeKind, Outcome, Reason, Reference
from edgeverify.events import ClaimMessage, LockCause, LockReport, LockState, encode_claim
from edgeverify.events.messages import EXIT_TYPE
from edgeverify.journal.notices import inside_since, notices_of
from edgeverify.journal.reading import recent
from edgeverify.mqtt import LivePublication
from edgeverify.mqtt.party import Arrival
from edgeverify.settings import ClaimSettings, RuleSettings, Settings
from edgeverify.verifier.pipeline import Pipeline
from tests.claims.readers import Desk
from tests.daemon.conftest import STAFF
from tests.daemon.stage import DoorOnStage, door_on_stage
from tests.waiting import until

Stage = Callable[..., DoorOnStage]
DURESS = "0099999"
WITH_DURESS = (STAFF[0].model_copy(update={"duress_card": DURESS}), STAFF[1])


def _notices(door: DoorOnStage) -> list[Notice]:
    with door.journal.change() as connection:
        return list(reversed(notices_of(connection, "front-door")))


def _visit(door: DoorOnStage, card: str, name: str) -> Reason:
    door.claim(card, name=name)
    (decided,) = door.play()
    return decided.reason


def test_the_second_number_opens_like_the_first_and_tells_those_who_watch(stage: Stage) -> None:
    door = stage(Film.OWNER_WALKS_UP, staff=WITH_DURESS)
    assert _visit(door, DURESS, "claim-1") is Reason.MATCH
    (event,) = door.recorder.events
    assert (event.decision.outcome, event.decision.card) == (Outcome.GRANT, OWNER_CARD)
    (notice,) = _notices(door)
    assert (notice.kind, notice.card) == (NoticeKind.DURESS, OWNER_CARD)
    assert notice.event_id == event.decision.event_id


def test_nothing_that_a_person_at_the_door_can_see_tells_of_duress(stage: Stage) -> None:
    seen = []
    for number, card in enumerate((OWNER_CARD, DURESS)):
        door = stage(Film.OWNER_WALKS_UP if number else Film.OTHER_WALKS_UP, staff=WITH_DURESS)
        _visit(door, card, "claim-1")
        shown = [prompt.text for prompt in door.recorder.prompts]
        answers = [json.loads(answer.payload) for answer in door.recorder.answers]
        seen.append((set(answers[0]), answers[0]["card"]))
        text = json.dumps([shown, answers]) + str(recent(door.journal.path))
        assert "duress" not in text.replace("is_under_duress", "")
        assert DURESS not in text
    assert seen[0] == seen[1]


def test_a_stranger_with_the_second_number_is_denied_and_told(stage: Stage) -> None:
    door = stage(Film.OTHER_WALKS_UP, staff=WITH_DURESS)
    assert _visit(door, DURESS, "claim-1") is Reason.NON_MATCH
    assert [notice.kind for notice in _notices(door)] == [NoticeKind.DURESS]


def test_the_second_number_joins_the_attempt_of_the_first_and_tells(stage: Stage) -> None:
    door = stage(Film.OWNER_WALKS_UP, staff=WITH_DURESS)
    door.claim(OWNER_CARD)
    door.door.turn()
    door.claim(DURESS, name="claim-2")
    (decided,) = door.play()
    assert decided.outcome is Outcome.GRANT
    assert [notice.kind for notice in _notices(door)] == [NoticeKind.DURESS]


def _exits(door: DoorOnStage) -> Exits:
    return Exits(
        door.journal,
        wall=door.clock.wall,
        max_age=lambda: timedelta(seconds=10),
        own_card=door.door.board.current.people.own_card,
    )


def _exit(door: DoorOnStage, card: str, *, age: float = 0.0, is_retained: bool = False) -> None:
    exits = _exits(door)
    said = ClaimMessage(id="x", card=card, issued_at=door.clock.wall() - timedelta(seconds=age))
    raw = encode_claim(said, source="/readers/exit", kind=EXIT_TYPE)
    exits.heard(Arrival(raw, is_retained, Asker(topic="")))
    exits.write()


def test_off_lets_in_as_often_as_somebody_comes(stage: Stage) -> None:
    door = stage(Film.OWNER_WALKS_UP, count=40)
    assert [_visit(door, OWNER_CARD, f"c-{n}") for n in range(2)] == [Reason.MATCH] * 2
    assert _notices(door) == []
    with door.journal.change() as connection:
        assert inside_since(connection, OWNER_CARD) is None


def test_soft_lets_in_and_reports(stage: Stage) -> None:
    door = stage(Film.OWNER_WALKS_UP, count=40, rules=RuleSettings(anti_passback="soft"))
    assert [_visit(door, OWNER_CARD, f"c-{n}") for n in range(2)] == [Reason.MATCH] * 2
    assert [notice.kind for notice in _notices(door)] == [NoticeKind.PASSBACK]


def test_hard_denies_until_the_card_went_out(stage: Stage) -> None:
    rules = RuleSettings(anti_passback="hard")
    door = stage(Film.OWNER_WALKS_UP, count=60, rules=rules, staff=WITH_DURESS)
    assert _visit(door, OWNER_CARD, "c-1") is Reason.MATCH
    assert _visit(door, OWNER_CARD, "c-2") is Reason.ALREADY_INSIDE
    _exit(door, OWNER_CARD, age=11)
    _exit(door, OWNER_CARD, is_retained=True)
    assert _visit(door, OWNER_CARD, "c-3") is Reason.ALREADY_INSIDE
    _exit(door, DURESS)
    assert _visit(door, OWNER_CARD, "c-4") is Reason.MATCH, "the same person has gone out"
    assert door.journal.unlock(OWNER_CARD, at=door.clock.wall(), by_user="ada").was_inside
    assert _visit(door, OWNER_CARD, "c-5") is Reason.MATCH


def test_a_reader_at_this_machine_s_exit_says_who_has_gone(stage: Stage) -> None:
    """Any kind will do: here one that reads lines, on a real pty."""
    rules = RuleSettings(anti_passback="hard")
    door = stage(Film.OWNER_WALKS_UP, count=60, rules=rules, staff=WITH_DURESS)
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    exits, desk = _exits(door), Desk()
    serial = {"port": os.ttyname(theirs), "protocol": "line", "pattern": "[0-9]+"}
    given = {"sources": ["mqtt"], "exit_sources": ["serial"], "serial": serial}
    intake = ExitIntake(exits.went_out, desk.refused.append)
    readers = RunningSources(replace(desk.surroundings(), exit_intake=intake))
    readers.use((), ClaimSettings.model_validate(given))
    try:
        until(lambda: desk.away == "", "the reader")
        assert _visit(door, OWNER_CARD, "c-1") is Reason.MATCH
        assert _visit(door, OWNER_CARD, "c-2") is Reason.ALREADY_INSIDE
        os.write(ours, f"\n{OWNER_CARD}\n".encode())
        until(lambda: _is_outside(door, exits), "the exit to be written down")
        assert _visit(door, OWNER_CARD, "c-3") is Reason.MATCH
        assert desk.claims == [], "whoever goes out claims nothing"
    finally:
        readers.stop()
        os.close(ours)
        os.close(theirs)


def _is_outside(door: DoorOnStage, exits: Exits) -> bool:
    exits.write()
    with door.journal.change() as connection:
        return inside_since(connection, OWNER_CARD) is None


def test_whoever_was_let_in_and_did_not_open_the_door_is_still_outside(stage: Stage) -> None:
    door = stage(Film.OWNER_WALKS_UP, count=40, rules=RuleSettings(anti_passback="hard"))
    assert _visit(door, OWNER_CARD, "c-1") is Reason.MATCH
    report = LockReport(
        id="l-1",
        door="front-door",
        state=LockState.GRANTED_NOT_OPENED,
        cause=LockCause.TIME,
        is_released=False,
        is_open=False,
        at=door.clock.wall(),
        event_id=door.recorder.events[0].decision.event_id,
    )
    assert door.journal.note_lock(report, heard_at=door.clock.wall())
    assert _visit(door, OWNER_CARD, "c-2") is Reason.MATCH


@pytest.fixture
def followed(
    tmp_path: Path, cast: Cast, pipeline: Pipeline, references: tuple[Reference, ...]
) -> Iterator[Callable[..., DoorOnStage]]:
    """The owner walks up alone, and another person stands there after the grant."""
    opened = []

    def build(rules: RuleSettings, *, other: bool) -> DoorOnStage:
        film = tmp_path / "film.avi"
        size, code = (WIDTH, HEIGHT), cv2.VideoWriter.fourcc(*"MJPG")
        writer = cv2.VideoWriter(str(film), code, FRAMES_PER_SECOND, size)
        for actor in (cast.owner, cast.other if other else cast.owner):
            for frame in islice(frames((actor,), np.random.default_rng(1)), 20):
                writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        writer.release()
        settings = Settings(door="front-door", liveness="off", staff=STAFF, rules=rules)
        stage = door_on_stage(tmp_path, film, pipeline, settings, references)
        opened.append(stage)
        return stage.__enter__()

    yield build
    for each in opened:
        each.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("is_on", "other", "kinds"),
    [
        (True, True, [NoticeKind.SECOND_PERSON]),
        (True, False, []),
        (False, True, []),
    ],
)
def test_somebody_else_right_after_a_grant_is_told_once(
    followed: Callable[..., DoorOnStage],
    is_on: bool,  # noqa: FBT001
    other: bool,  # noqa: FBT001
    kinds: list[NoticeKind],
) -> None:
    rules = RuleSettings(second_person=is_on, second_person_seconds=10)
    door = followed(rules, other=other)
    assert _visit(door, OWNER_CARD, "c-1") is Reason.MATCH
    assert door.play(turns=60) == ()
    found = _notices(door)
    assert [notice.kind for notice in found] == kinds
    assert {notice.event_id for notice in found} <= {door.recorder.events[0].decision.event_id}


class Broker:
    """Takes notices, and acknowledges them when a test says so."""

    def __init__(self) -> None:
        self.is_there = True
        self.sent: list[tuple[dict[str, str], LivePublication]] = []

    def publish_notice(self, message: bytes) -> LivePublication | None:
        if not self.is_there:
            return None
        told = LivePublication()
        self.sent.append((json.loads(b64decode(json.loads(message)["data_base64"])), told))
        return told


def test_a_notice_is_sent_until_the_broker_has_it(stage: Stage) -> None:
    door = stage(Film.OTHER_WALKS_UP, staff=WITH_DURESS)
    _visit(door, DURESS, "claim-1")
    broker = Broker()
    broker.is_there = False
    delivery = NoticeDelivery(door.journal, broker.publish_notice)
    now = iter(range(100))
    delivery.look(next(now))
    broker.is_there = True
    delivery.look(next(now))
    delivery.look(next(now))
    assert [said["kind"] for said, _ in broker.sent] == ["duress"], "one at a time"
    broker.sent[0][1].answer("the connection ended")
    delivery.look(next(now))
    delivery.look(next(now))
    assert len(broker.sent) == 2
    broker.sent[1][1].answer()
    for _ in range(5):
        delivery.look(next(now))
    assert len(broker.sent) == 2
