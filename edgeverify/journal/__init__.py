"""What the door writes down: durable here before anybody hears of it (SQLite, WAL)."""

from edgeverify.journal.entry import Entry, Forgiven, FrameRecord
from edgeverify.journal.journal import Journal
from edgeverify.journal.seal import JournalSeal

__all__ = [
    "Entry",
    "Forgiven",
    "FrameRecord",
    "Journal",
    "JournalSeal",
]
