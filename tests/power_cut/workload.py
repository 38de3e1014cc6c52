"""A door's evening, recorded by the shim. Run as a program: FOLDER KEYS SYNCHRONOUS.

After each commit the event id is written to the file `acks`, which stands for the grant that goes
out: what is there was promised.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from datetime import timedelta
from pathlib import Path

from edgeverify.domain import Outcome
from edgeverify.journal import Journal
from edgeverify.journal.database import connect
from edgeverify.lockout import LockoutState
from edgeverify.settings import JournalSettings
from tests.doors import NOON, decided, door_keys

DECISIONS = 14


def main(folder: Path, keys_folder: Path, synchronous: str) -> None:
    def connect_here(path: Path) -> sqlite3.Connection:
        connection = connect(path, synchronous=synchronous)
        connection.execute("PRAGMA wal_autocheckpoint = 30")  # checkpoints within so short a run
        return connection

    keys = door_keys(keys_folder)
    acks = os.open(folder / "acks", os.O_WRONLY | os.O_CREAT, 0o600)
    number = 0
    for _life in range(2):
        journal = Journal(folder / "journal.sqlite", connect=connect_here)
        journal.probe(NOON)
        for _ in range(DECISIONS // 2):
            number += 1
            at = NOON + timedelta(seconds=number)
            outcome = Outcome.GRANT if number % 3 else Outcome.DENY
            state = LockoutState(failures=number, last_failure_at=at)
            entry = decided(str(number), at=at, outcome=outcome, lockouts={"0012345": state})
            journal.record(entry, keys)
            os.write(acks, f"{entry.event_id}\n".encode())
            if number % 4 == 0:
                journal.mark_sent([row.sequence for row in journal.outbox(limit=2)])
        journal.prune(NOON, JournalSettings())
        journal.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
