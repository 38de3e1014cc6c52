"""What the door writes down: durable here before anybody hears of it (SQLite, WAL)."""

from edgeverify.journal.entry import Entry, FrameRecord
from edgeverify.journal.journal import Journal, OpenedJournal
from edgeverify.journal.reading import DecisionRow
from edgeverify.journal.rows import OutboxRow
from edgeverify.journal.seal import JournalSeal

__all__ = [
    "DecisionRow",
    "Entry",
    "FrameRecord",
    "Journal",
    "JournalSeal",
    "OpenedJournal",
    "OutboxRow",
]
