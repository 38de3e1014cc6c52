"""What a panel made of the grants it was told of, on its way into the journal.

Behind a panel a grant lets nobody in by itself. Whoever the panel refuses, or was never told of,
did not come in (anti-passback).
"""

from __future__ import annotations

import sqlite3
from collections import deque
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from edgeverify.errors import JournalUnavailableError
from edgeverify.journal.facts import write_act
from edgeverify.journal.notices import came_in, went_out
from edgeverify.journal.rows import to_ms

MAX_UNWRITTEN = 256
BY_PANEL = "panel"
"""Whose acts these are, in the journal."""


class Answer(str, Enum):
    """What became of a report; the values stand in the journal and in the status."""

    WAITING = "waiting"
    GRANTED = "granted"
    DENIED = "denied"
    NONE = "no_answer"
    NOT_TOLD = "not_told"


STAY_OUT = {Answer.DENIED, Answer.NOT_TOLD}


class Journal(Protocol):
    """Where it is written down."""

    def change(self, at: datetime | None = None) -> AbstractContextManager[sqlite3.Connection]:
        """Commit everything in the block, or nothing. Raises JournalUnavailableError."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer: about which decision and card, and when."""

    answer: Answer
    event_id: str
    card: str
    at: datetime


@dataclass(slots=True, eq=False)
class AnswerBook:
    """Answers wait here for a journal that is away. `note` may be called from any thread."""

    journal: Journal
    _unwritten: deque[Answered] = field(default_factory=lambda: deque(maxlen=MAX_UNWRITTEN))
    _kept_out: str = ""
    """The decision on whose account somebody was put out last: a later answer counts."""

    def note(self, answered: Answered) -> None:
        """Take an answer."""
        self._unwritten.append(answered)

    def write(self) -> None:
        """Write down what waits, in order, as far as the journal takes it."""
        while self._unwritten:
            try:
                self._write(self._unwritten[0])
            except JournalUnavailableError:
                return  # named already; it waits
            self._unwritten.popleft()

    def _write(self, one: Answered) -> None:
        kept_out = self._kept_out
        with self.journal.change(one.at) as connection:
            write_act(
                connection, to_ms(one.at), f"panel {one.answer.value}", one.event_id, BY_PANEL
            )
            if one.answer in STAY_OUT and went_out(connection, event_id=one.event_id):
                kept_out = one.event_id
            elif one.answer is Answer.GRANTED and one.event_id == kept_out:
                came_in(connection, one.card, one.event_id, one.at)
        self._kept_out = kept_out
