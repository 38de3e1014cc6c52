"""What the door tells a panel, and what it takes for the panel's answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.panel import SHOWN_SECONDS, Panel
from edgeverify.daemon.panel_answers import Answer, AnswerBook
from edgeverify.domain import FaultName, Outcome, Reason
from edgeverify.events import DecisionPayload
from edgeverify.panel import LedCommand, LinkHealth, Report, TextCommand
from edgeverify.settings import OsdpReaderSettings
from tests.daemon.panel_journal import PanelJournal
from tests.doors import NOON

SETTINGS = OsdpReaderSettings(enabled=True, port="/dev/ttyUSB0", key_file="panel.key")
GREEN, RED = LedCommand("green", 2.0), LedCommand("red", 2.0)
REST_RED = LedCommand("red", None)


@dataclass
class Linked:
    """Stands for the link: is there or not, and keeps what it was given."""

    health: LinkHealth = field(default_factory=lambda: LinkHealth(is_there=True))
    reports: list[Report] = field(default_factory=list)

    def start(self) -> None:
        raise AssertionError("nothing is started here")

    def stop(self, patience_seconds: float) -> None:
        raise AssertionError(f"nothing is stopped here within {patience_seconds} s")

    def report(self, report: Report) -> bool:
        if self.health.is_there:
            self.reports.append(report)
        return self.health.is_there


@dataclass
class At:
    """A panel's part, its clock, and a journal that may be away."""

    settings: OsdpReaderSettings = SETTINGS
    now: float = 100.0
    link: Linked = field(default_factory=Linked)
    faults: FaultBoard = field(default_factory=FaultBoard)
    journal: PanelJournal = field(default_factory=PanelJournal)
    is_locked_down: bool = False

    def __post_init__(self) -> None:
        self.panel = Panel(
            settings=self.settings,
            make_link=lambda _: self.link,
            book=AnswerBook(self.journal),
            faults=self.faults,
            wall=lambda: NOON + timedelta(seconds=self.now - 100.0),
            monotonic=lambda: self.now,
            is_locked_down=lambda: self.is_locked_down,
        )

    def decided(
        self, sequence: int = 1, outcome: Outcome = Outcome.GRANT, card: str = "1234567"
    ) -> bool:
        reason = Reason.MATCH if outcome is Outcome.GRANT else Reason.NON_MATCH
        decision = DecisionPayload(
            event_id=f"e-{sequence}",
            door="front-door",
            claim_id="c",
            card=card,
            outcome=outcome,
            reason=reason,
            sequence=sequence,
            issued_at=NOON,
            expires_at=NOON + timedelta(seconds=5),
        )
        return self.panel.report(decision)

    @property
    def answer(self) -> Answer | None:
        return self.panel.view().answer


def test_only_a_grant_is_reported_and_only_once() -> None:
    at = At()
    assert not at.decided(1, Outcome.DENY)
    assert at.answer is None
    assert at.decided(2)
    assert not at.decided(2)
    assert not at.decided(1)
    assert [report.event_id for report in at.link.reports] == ["e-2"]


@pytest.mark.parametrize("seconds", [5.0, 60.0])
def test_a_grant_that_has_expired_is_not_reported(seconds: float) -> None:
    at = At()
    at.now += seconds
    assert not at.decided()
    assert at.link.reports == []
    assert at.answer is Answer.NOT_TOLD


def test_what_is_reported_ends_with_the_grant_whatever_the_clock_does() -> None:
    at = At()
    at.now += 2.0
    assert at.decided(1)
    assert at.link.reports[0].until == pytest.approx(at.now + 3.0)
    at.now -= 3600.0  # a clock that was set back makes no grant longer
    assert at.decided(2)
    assert at.link.reports[1].until == pytest.approx(at.now + 5.0)


def test_nothing_is_reported_in_a_lockdown_or_while_the_panel_is_away() -> None:
    at = At(is_locked_down=True)
    assert not at.decided(1)
    at.is_locked_down, at.link.health = False, LinkHealth(problem="No panel is heard.")
    assert not at.decided(2)
    assert at.link.reports == []
    assert at.answer is Answer.NOT_TOLD
    at.link.health = LinkHealth(is_there=True)
    assert at.link.reports == [], "it is not kept for later"


def test_a_card_that_the_panel_cannot_know_is_not_reported() -> None:
    at = At()
    assert not at.decided(card="99999999")
    assert at.answer is Answer.NOT_TOLD


def test_the_panels_light_is_the_answer_and_its_latest_one_counts() -> None:
    at = At()
    at.panel.said(GREEN)
    assert at.answer is None, "nobody was reported"
    at.decided()
    assert at.answer is Answer.WAITING
    at.panel.said(LedCommand("amber", 2.0))
    assert at.answer is Answer.WAITING
    at.panel.said(GREEN)
    assert at.answer is Answer.GRANTED
    at.panel.said(RED)
    assert at.answer is Answer.DENIED
    at.now += SHOWN_SECONDS
    assert at.answer is None
    at.panel.said(GREEN)
    assert at.answer is None, "that light is for somebody else"
    at.panel.look()
    assert at.journal.acts == [("panel granted", "e-1"), ("panel denied", "e-1")]
    assert at.panel.facts() == {
        "state": "there",
        "granted": 1,
        "denied": 1,
        "no_answer": 0,
        "not_told": 0,
    }


def test_a_light_that_goes_back_to_rest_is_no_denial() -> None:
    at = At()
    at.panel.said(REST_RED)
    at.decided()
    at.panel.said(REST_RED)
    assert at.answer is Answer.WAITING
    at.panel.said(LedCommand("green", None))
    assert at.answer is Answer.GRANTED
    at.panel.said(REST_RED)
    at.panel.said(LedCommand("", None, is_cancel=True))
    assert at.answer is Answer.GRANTED


def test_a_panel_may_say_it_in_other_colours() -> None:
    at = At(SETTINGS.model_copy(update={"granted_color": "blue", "denied_color": "amber"}))
    at.decided(1)
    at.panel.said(GREEN)
    assert at.answer is Answer.WAITING
    at.panel.said(LedCommand("amber", None))
    assert at.answer is Answer.DENIED


def test_a_panel_that_says_nothing_in_time_has_given_no_answer() -> None:
    at = At()
    at.decided()
    at.now += SETTINGS.answer_seconds
    assert at.answer is Answer.NONE
    at.panel.said(GREEN)
    assert at.answer is Answer.GRANTED, "late, while somebody stands there still"


def test_a_card_that_was_not_taken_is_told_and_a_late_light_still_counts() -> None:
    at = At()
    at.decided()
    at.panel.dropped(at.link.reports[0])
    assert at.answer is Answer.NOT_TOLD
    at.panel.said(GREEN)  # it was taken after all
    assert at.answer is Answer.GRANTED
    at.decided(2)
    at.panel.dropped(at.link.reports[0])
    assert at.answer is Answer.WAITING, "that was another one"


def test_what_the_panel_writes_after_a_report_is_its_answers_text() -> None:
    at = At()
    at.panel.said(TextCommand("HOLD YOUR CARD", 0, 0, None))
    at.decided()
    assert at.panel.view().text == ""
    at.panel.said(TextCommand("NO ENTRY", 0, 0, 3.0))
    assert at.panel.view().text == "NO ENTRY"
    assert at.answer is Answer.WAITING


def test_faults_come_and_go_with_the_panel() -> None:
    at = At()
    at.panel.look()
    assert at.faults.snapshot() == ()
    at.link.health = LinkHealth(problem="No panel is heard on /dev/ttyUSB0.")
    at.panel.look()
    (fault,) = at.faults.snapshot()
    assert (fault.name, fault.detail) == (FaultName.PANEL_UNAVAILABLE, at.link.health.problem)
    assert at.panel.facts()["state"] == "away"
    at.link.health = LinkHealth(is_there=True)
    at.panel.look()
    assert at.faults.snapshot() == ()


def test_a_panel_without_secure_channel_is_said_for_ever() -> None:
    at = At(SETTINGS.model_copy(update={"key_file": "", "accept_no_secure_channel": True}))
    at.panel.look()
    assert FaultName.PANEL_WITHOUT_SECURE_CHANNEL in at.faults


def test_answers_wait_for_a_journal_that_is_away() -> None:
    at = At(journal=PanelJournal(is_away=True))
    at.decided()
    at.panel.said(RED)
    at.panel.look()
    assert at.journal.acts == []
    at.journal.is_away = False
    at.panel.look()
    assert at.journal.acts == [("panel denied", "e-1")]


@pytest.mark.parametrize("is_refused", [True, False])
def test_whom_the_panel_refuses_or_never_heard_of_did_not_come_in(*, is_refused: bool) -> None:
    at = At()
    at.journal.let_in("1234567", "e-1")
    at.decided()
    if is_refused:
        at.panel.said(RED)
    else:
        at.panel.dropped(at.link.reports[0])
    at.panel.look()
    assert at.journal.inside == [], "or anti-passback would keep them out"
    at.panel.said(GREEN)  # the latest answer counts
    at.panel.look()
    assert at.journal.inside == ["1234567"]


def test_an_answer_puts_nobody_out_who_came_in_otherwise() -> None:
    at = At()
    at.journal.let_in("7654321", "e-0")
    at.decided(1)
    at.panel.said(GREEN)
    at.panel.look()
    assert at.journal.inside == ["7654321"], "without anti-passback nobody is noted"
    at.decided(2)
    at.panel.said(RED)
    at.panel.look()
    assert at.journal.inside == ["7654321"]
