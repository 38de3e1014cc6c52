"""What stands on the screen at the door, and what never does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from edgeverify.daemon.page.screen import RESULT_SECONDS, ScreenBoard
from edgeverify.domain import Asked, DoorMode, Language, Outcome, Prompt, Reason, Signal
from edgeverify.events import DecisionPayload, SignedDecision
from edgeverify.languages import KINDS
from tests.doors import NOON


@dataclass
class Announcing:
    """Stands for the announcer: is heard or not, and keeps what it was given."""

    is_heard: bool = True
    told: list[object] = field(default_factory=list)

    def publish_live(self, signed: SignedDecision) -> bool:
        self.told.append(signed)
        return self.is_heard

    def publish_answers(self, *arguments: object) -> None:
        self.told.append(arguments)

    def publish_prompt(self, prompt: Prompt) -> None:
        self.told.append(prompt)


@dataclass
class Before:
    """A board, its clock, and who would be told as well."""

    announcing: Announcing = field(default_factory=Announcing)
    now: float = 100.0
    signals: list[Signal] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.board = ScreenBoard(
            announcer=self.announcing,  # type: ignore[arg-type]
            monotonic=lambda: self.now,
            signal=self.signals.append,
        )

    def decided(self, outcome: Outcome, reason: Reason, language: Language = "en") -> None:
        tell(self.board, outcome, reason, language)

    def shows(self, *, is_busy: bool = False) -> tuple[str, str]:
        record = self.board.record(is_busy=is_busy, language="en")
        return str(record["moment"]), str(record["words"])


def tell(board: ScreenBoard, outcome: Outcome, reason: Reason, language: Language) -> None:
    """Let the board hear of a decision, as the door's own parts tell it."""
    decision = DecisionPayload(
        event_id="e",
        door="front-door",
        claim_id="claim-77",
        card="0012345",
        outcome=outcome,
        reason=reason,
        sequence=7,
        issued_at=NOON,
        expires_at=NOON + timedelta(seconds=5),
    )
    board.publish_live(SignedDecision(decision=decision, payload=b"", signature=b"", keyid="k"))
    board.publish_answers(decision, (), None, language)  # type: ignore[arg-type]


def test_somebody_comes_is_asked_and_let_in() -> None:
    at = Before()
    assert at.shows() == ("idle", "Please hold up your card")
    assert at.shows(is_busy=True) == ("looking", "One moment, please")
    at.board.publish_prompt(
        Prompt(
            claim_id="c",
            kind="challenge",
            text=Asked.TURN_LEFT,
            expires_in_seconds=2.0,
            code=Asked.TURN_LEFT.code,
            language="de",
        )
    )
    told = at.board.record(is_busy=True, language="en")
    assert (told["moment"], told["code"], told["language"]) == ("prompt", "turn_left", "de")
    assert told["words"] != "Please turn your head to your left"
    at.now += 2.1
    assert at.shows(is_busy=True)[0] == "looking"
    at.decided(Outcome.GRANT, Reason.MATCH)
    assert at.shows() == ("granted", "Welcome")
    at.now += RESULT_SECONDS + 0.1
    assert at.shows()[0] == "idle"


def test_what_an_operator_has_made_of_the_door_stands_there() -> None:
    at = Before()
    for mode, moment in ((DoorMode.LOCKDOWN, "denied"), (DoorMode.OPEN, "granted")):
        told = at.board.record(is_busy=False, language="en", mode=mode)
        assert told["moment"] == moment
        assert at.board.record(is_busy=True, language="en", mode=mode)["moment"] == "looking"


def test_a_grant_that_no_lock_could_hear_is_not_shown_as_one() -> None:
    at = Before()
    at.announcing.is_heard = False
    at.decided(Outcome.GRANT, Reason.MATCH)
    told = at.board.record(is_busy=False, language="en")
    assert (told["moment"], told["more"]) == ("denied", "Out of order. Please ask for help")


@pytest.mark.parametrize("reason", [Reason.SUPERSEDED, Reason.CLAIM_EXPIRED])
def test_the_end_of_somebody_else_s_attempt_is_not_shown(reason: Reason) -> None:
    at = Before()
    at.decided(Outcome.DENY, reason)
    assert at.shows()[0] == "idle"


def test_which_check_a_stranger_failed_is_not_told() -> None:
    said = set()
    for reason in (
        Reason.NON_MATCH,
        Reason.PRESENTATION_ATTACK,
        Reason.CHALLENGE_FAILED,
        Reason.UNKNOWN_REFERENCE,
        Reason.AMBIGUOUS,
    ):
        at = Before()
        at.decided(Outcome.DENY, reason)
        told = at.board.record(is_busy=False, language="en")
        said.add((told["code"], told["words"], told["more"]))
    assert len(said) == 1


@pytest.mark.parametrize("reason", [one for one in Reason if one is not Reason.MATCH])
def test_no_card_claim_or_reason_stands_in_what_a_screen_gets(reason: Reason) -> None:
    at = Before()
    at.decided(Outcome.DENY, reason)
    told = at.board.record(is_busy=False, language="en")
    text = json.dumps(told)
    assert told["code"] in KINDS
    for secret in ("0012345", "claim-77", "front-door", reason.value):
        assert secret not in text


def test_everything_is_handed_on_to_the_broker() -> None:
    at = Before()
    at.decided(Outcome.DENY, Reason.NON_MATCH)
    at.board.publish_prompt(
        Prompt(claim_id="c", kind="hint", text="move closer", expires_in_seconds=2.0)
    )
    assert len(at.announcing.told) == 3
    assert at.shows() == ("prompt", "move closer")  # one without a code is shown in English
