"""A journal's tables in memory, as far as a panel's answers need them."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from edgeverify.errors import JournalUnavailableError
from edgeverify.journal.notices import came_in
from edgeverify.journal.schema import SCHEMA
from edgeverify.private_sqlite import open_in_memory
from tests.doors import NOON


@dataclass
class PanelJournal:
    """The real tables and statements; it is away while `is_away`."""

    is_away: bool = False
    connection: sqlite3.Connection = field(default_factory=lambda: open_in_memory(SCHEMA))

    def __post_init__(self) -> None:
        # Nobody ends a stage; from Python 3.13 on a connection that is left open is a warning.
        weakref.finalize(self, self.connection.close)

    @contextmanager
    def change(self, at: datetime | None = None) -> Iterator[sqlite3.Connection]:
        assert at is not None
        assert at >= NOON
        if self.is_away:
            raise JournalUnavailableError("the disk is full")
        with self.connection:
            yield self.connection

    def let_in(self, card: str, event_id: str) -> None:
        with self.connection:
            came_in(self.connection, card, event_id, NOON)

    @property
    def acts(self) -> list[tuple[str, str]]:
        query = "SELECT act, subject, by_user FROM acts ORDER BY id"
        rows = self.connection.execute(query).fetchall()
        assert {who for _, _, who in rows} <= {"panel"}
        return [(act, subject) for act, subject, _ in rows]

    @property
    def inside(self) -> list[str]:
        return [card for (card,) in self.connection.execute("SELECT card FROM inside")]
