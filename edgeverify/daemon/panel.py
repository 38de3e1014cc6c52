"""The access-control panel behind this door: it is told of a granted card, and has the last word.

A report goes out for a committed grant alone, once, and only while it counts; what the panel's
light says after it is the answer. A light that goes back to what it was before is no answer.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Protocol

from edgeverify.config import LoadedConfig
from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.panel_answers import Answer, AnswerBook, Answered, Journal
from edgeverify.daemon.timekeeping import Timekeeper
from edgeverify.domain import FaultName, Outcome
from edgeverify.events import DecisionPayload
from edgeverify.logs import fields
from edgeverify.panel import (
    Indicators,
    LedCommand,
    LinkHealth,
    PanelCommand,
    PanelLink,
    Report,
    Shown,
    TextCommand,
    card_bits,
)
from edgeverify.settings import OsdpReaderSettings
from edgeverify.status_socket import Json

LOG = logging.getLogger(__name__)

SHOWN_SECONDS = 4.0
"""How long an answer stands, unless the panel gives another meanwhile."""


class Link(Protocol):
    """The way to the panel, as `edgeverify.panel.PanelLink` is."""

    health: LinkHealth

    def start(self) -> None:
        """Begin to look for the panel."""

    def stop(self, patience_seconds: float) -> None:
        """Answer no more."""

    def report(self, report: Report) -> bool:
        """Hand a card over; False where the panel is not there."""


@dataclass(frozen=True, slots=True)
class PanelView:
    """What a screen needs to know: `answer` is None where none is to be shown.

    `text` is what the panel wrote since the report; `reported_at` is monotonic seconds.
    """

    answer: Answer | None
    reported_at: float
    text: str
    shown: Shown
    is_open: bool
    """Whether the panel's light says, as it stands now, that the door opens."""


@dataclass(slots=True)
class _Told:
    event_id: str
    card: str
    reported_at: float
    light_before: str
    answer: Answer = Answer.WAITING
    answered_at: float = 0.0
    has_text: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class Panel:
    """Methods may be called from any thread; none of them waits. `monotonic` is in seconds.

    `make_link` is given whoever is to hear from the panel, which is this.
    """

    settings: OsdpReaderSettings
    make_link: Callable[[Panel], Link]
    book: AnswerBook
    faults: FaultBoard
    wall: Callable[[], datetime]
    monotonic: Callable[[], float]
    is_locked_down: Callable[[], bool]
    link: Link = field(init=False)
    _told: _Told | None = None
    _last_sequence: int = 0
    _indicators: Indicators = field(default_factory=Indicators)
    _counts: Counter[Answer] = field(default_factory=Counter)
    _was_there: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.link = self.make_link(self)

    def start(self) -> None:
        """Begin to look for the panel."""
        self.link.start()

    def stop(self, patience_seconds: float) -> None:
        """Answer the panel no more."""
        self.link.stop(patience_seconds)

    def report(self, decision: DecisionPayload) -> bool:
        """Report a granted card to the panel; False, and nothing is kept, where it cannot hear."""
        if decision.outcome is not Outcome.GRANT or decision.sequence <= self._last_sequence:
            return False
        self._last_sequence = decision.sequence
        report = self._report(decision)
        now = self.monotonic()
        with self._lock:
            self._told = _Told(
                decision.event_id, decision.card, now, self._indicators.lasting_light
            )
        if report is not None and self.link.report(report):
            return True
        self._answered(decision.event_id, Answer.NOT_TOLD)
        return False

    def taken(self, report: Report) -> None:
        """Hear that the panel has the card."""
        LOG.info("panel told", extra=fields(event=report.event_id))

    def dropped(self, report: Report) -> None:
        """Hear that the panel does not have the card, and never will."""
        self._answered(report.event_id, Answer.NOT_TOLD)

    def said(self, command: PanelCommand) -> None:
        """Hear what the panel wants its reader to show."""
        now = self.monotonic()
        with self._lock:
            self._indicators.obey(command, now)
            told = self._standing(now)
            if told is None:
                return
            told.has_text |= isinstance(command, TextCommand)
            word = self._word(command, told)
            event_id = told.event_id
        if word is not None:
            self._answered(event_id, word)

    def view(self) -> PanelView:
        """Return what a screen needs to know now."""
        now = self.monotonic()
        with self._lock:
            told, shown = self._standing(now), self._indicators.shown(now)
        is_open = shown.light == self.settings.granted_color
        if told is None:
            return PanelView(None, float("-inf"), "", shown, is_open)
        text = shown.text if told.has_text else ""
        return PanelView(told.answer, told.reported_at, text, shown, is_open)

    def look(self) -> None:
        """Keep the faults true, and write down what the panel answered; on the main thread."""
        health, faults = self.link.health, self.faults
        faults.state(FaultName.PANEL_UNAVAILABLE, health.problem, present=bool(health.problem))
        in_clear = self.settings.accept_no_secure_channel
        detail = f"on {self.settings.port}, as the config has it"
        faults.state(FaultName.PANEL_WITHOUT_SECURE_CHANNEL, detail, present=in_clear)
        if health.is_there is not self._was_there:
            self._was_there = health.is_there
            LOG.warning("the panel is %s", "there" if health.is_there else "away")
        with self._lock:
            self._standing(self.monotonic())
        self.book.write()

    def facts(self) -> dict[str, Json]:
        """Return what the status says: codes and counts alone."""
        health = self.link.health
        state = "there" if health.is_there else "away" if health.problem else "looking"
        with self._lock:
            counts = {one.value: self._counts[one] for one in Answer if one is not Answer.WAITING}
        return {"state": state, **counts}

    def _report(self, decision: DecisionPayload) -> Report | None:
        left = min(decision.expires_at - self.wall(), decision.expires_at - decision.issued_at)
        if left.total_seconds() <= 0 or self.is_locked_down():
            return None
        try:
            bits = card_bits(decision.card, self.settings.card)
        except ValueError:
            LOG.warning("a card does not fit osdp_reader.card; the panel is not told of it")
            return None
        return Report(decision.event_id, bits, self.monotonic() + left.total_seconds())

    def _word(self, command: PanelCommand, told: _Told) -> Answer | None:
        """Return what a command answers; None where it says nothing of a card."""
        if not isinstance(command, LedCommand) or command.is_cancel:
            return None
        if command.seconds is None and command.color == told.light_before:
            return None
        if command.color == self.settings.granted_color:
            return Answer.GRANTED
        return Answer.DENIED if command.color == self.settings.denied_color else None

    def _standing(self, now: float) -> _Told | None:
        """Return the answer that is to be shown; one that waited for too long is none."""
        told = self._told
        if told is None:
            return None
        waited = told.reported_at + self.settings.answer_seconds
        if told.answer is Answer.WAITING and now >= waited:
            self._settle(told, Answer.NONE, waited)
        if told.answer is not Answer.WAITING and now >= told.answered_at + SHOWN_SECONDS:
            return None
        return told

    def _answered(self, event_id: str, answer: Answer) -> None:
        with self._lock:
            told = self._told
            if told is not None and told.event_id == event_id:
                self._settle(told, answer, self.monotonic())

    def _settle(self, told: _Told, answer: Answer, at: float) -> None:
        if told.answer is not answer:
            self._counts[answer] += 1
            self.book.note(Answered(answer, told.event_id, told.card, self.wall()))
            LOG.info("panel", extra=fields(event=told.event_id, answer=answer.value))
        told.answer, told.answered_at = answer, at


def open_panel(
    config: LoadedConfig,
    journal: Journal,
    faults: FaultBoard,
    time: Timekeeper,
    is_locked_down: Callable[[], bool],
) -> Panel | None:
    """Make the panel's part where the config wants one; None where it does not."""
    settings = config.settings.osdp_reader
    if not settings.enabled:
        return None
    return Panel(
        settings=settings,
        make_link=lambda panel: PanelLink(settings, config.folder, panel),
        book=AnswerBook(journal),
        faults=faults,
        wall=time.wall,
        monotonic=monotonic,
        is_locked_down=is_locked_down,
    )
