"""The screen of a door that is a panel's reader: the panel's word, and nothing against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from edgeverify.daemon.page.screen import ScreenBoard
from edgeverify.daemon.panel import PanelView
from edgeverify.daemon.panel_answers import Answer
from edgeverify.domain import Asked, DoorMode, Language, Outcome, Prompt, Reason, Signal
from edgeverify.events import DecisionPayload
from edgeverify.languages import KINDS
from edgeverify.panel import Shown
from tests.daemon.page.test_screen import Announcing, tell


@dataclass
class Told:
    """Stands for the panel's part: what it was told of, and what is to be seen of it."""

    now: float = 100.0
    answer: Answer | None = None
    reported_at: float = float("-inf")
    text: str = ""
    shown: Shown = field(default_factory=Shown)
    is_open: bool = False
    reports: list[str] = field(default_factory=list)

    def report(self, decision: DecisionPayload) -> bool:
        assert self.now >= 100.0
        if decision.outcome is Outcome.GRANT:
            self.reports.append(decision.card)
            self.answer, self.reported_at = Answer.WAITING, self.now
        return decision.outcome is Outcome.GRANT

    def view(self) -> PanelView:
        return PanelView(self.answer, self.reported_at, self.text, self.shown, self.is_open)


@dataclass
class At:
    """A screen beside a panel; nobody listens at the broker."""

    panel: Told = field(default_factory=Told)
    signals: list[Signal] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.announcing = Announcing(is_heard=False)
        self.board = ScreenBoard(
            announcer=self.announcing,  # type: ignore[arg-type]
            monotonic=lambda: self.panel.now,
            signal=self.signals.append,
            panel=self.panel,  # type: ignore[arg-type]
        )

    def decided(self, outcome: Outcome, reason: Reason, language: Language = "en") -> None:
        tell(self.board, outcome, reason, language)

    def shows(self, *, is_busy: bool = False, mode: DoorMode = DoorMode.NORMAL) -> dict[str, Any]:
        told = self.board.record(is_busy=is_busy, language="en", mode=mode)
        assert told["code"] in KINDS
        return told

    def seen(self) -> tuple[str, str, str]:
        told = self.shows()
        return told["moment"], told["words"], told["more"]


def test_a_grant_of_ours_is_not_shown_before_the_panel_has_spoken() -> None:
    at = At()
    at.decided(Outcome.GRANT, Reason.MATCH)
    assert at.panel.reports == ["0012345"]
    assert at.seen() == ("looking", "One moment, please", "")


@pytest.mark.parametrize(
    ("answer", "moment", "words"),
    [
        (Answer.GRANTED, "granted", "Welcome"),
        (Answer.DENIED, "denied", "The door stays closed"),
        (Answer.NONE, "neutral", "No answer came. Please try the door"),
        (Answer.NOT_TOLD, "denied", "Out of order. Please ask for help"),
    ],
)
def test_the_panels_answer_is_the_result(answer: Answer, moment: str, words: str) -> None:
    at = At()
    at.decided(Outcome.GRANT, Reason.MATCH)
    at.panel.answer = answer
    assert at.seen() == (moment, words, "")
    at.panel.text = "SEE THE GUARD"
    assert at.seen() == (moment, "SEE THE GUARD", "")


@pytest.mark.parametrize(
    ("answer", "signal"),
    [
        (Answer.GRANTED, [Signal.GRANT]),
        (Answer.DENIED, [Signal.DENY]),
        (Answer.NONE, []),
        (Answer.NOT_TOLD, [Signal.DENY]),
    ],
)
def test_leds_wait_for_the_panels_answer_and_show_it_once(
    answer: Answer, signal: list[Signal]
) -> None:
    at = At()
    at.decided(Outcome.GRANT, Reason.MATCH)
    at.board.follow_panel()
    assert at.signals == []
    at.panel.answer = answer
    for _ in range(3):
        at.board.follow_panel()
    assert at.signals == signal


def test_leds_deny_nobody_while_the_panel_holds_the_door_open() -> None:
    at = At()
    at.decided(Outcome.DENY, Reason.NON_MATCH)
    at.panel.is_open = True
    at.decided(Outcome.DENY, Reason.NON_MATCH)
    assert at.signals == [Signal.DENY]


def test_the_result_is_in_the_persons_language() -> None:
    at = At()
    at.decided(Outcome.GRANT, Reason.MATCH, "de")
    at.panel.answer = Answer.NONE
    told = at.shows()
    assert (told["language"], told["words"]) == ("de", "Keine Antwort. Bitte die Tür versuchen")


def test_light_and_buzzer_are_shown() -> None:
    at = At()
    assert (at.shows()["light"], at.shows()["is_sounding"]) == ("", False)
    at.panel.shown = Shown(light="amber", text="DOOR AJAR", is_sounding=True)
    told = at.shows()
    assert (told["light"], told["is_sounding"]) == ("amber", True)
    assert at.seen() == ("idle", "Please hold up your card", "DOOR AJAR")


def test_a_denial_of_ours_says_nothing_of_the_door() -> None:
    at = At()
    at.decided(Outcome.DENY, Reason.NON_MATCH)
    assert at.panel.reports == []
    assert at.seen() == ("denied", "Please try again or ask for help", "")
    at.panel.is_open = True  # the panel keeps the door open by its own hours
    assert at.seen() == ("neutral", "Please try again or ask for help", "")


def test_a_mode_of_ours_does_not_speak_for_the_panel() -> None:
    at = At()
    assert at.shows(mode=DoorMode.OPEN)["words"] == "Please hold up your card"
    told = at.shows(mode=DoorMode.LOCKDOWN)
    assert (told["moment"], told["words"]) == ("denied", "This door is closed for now")
    at.panel.is_open = True
    told = at.shows(mode=DoorMode.LOCKDOWN)
    assert (told["moment"], told["words"]) == ("neutral", "Please try again or ask for help")


def test_whoever_comes_next_is_asked_and_not_shown_the_others_result() -> None:
    at = At()
    at.decided(Outcome.GRANT, Reason.MATCH)
    at.panel.now += 1.0
    code = Asked.BLINK.code
    prompt = Prompt(claim_id="c", kind="hint", text=Asked.BLINK, expires_in_seconds=2.0, code=code)
    at.board.publish_prompt(prompt)
    at.panel.answer = Answer.GRANTED
    assert at.seen()[0] == "prompt"
    at.panel.now += 2.0
    assert at.seen()[0] == "granted"
