"""A disk that starts to fail under a running journal. Run as a program: FOLDER KEYS FAULT KIND."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

from edgeverify.errors import JournalUnavailableError
from edgeverify.journal import Journal
from edgeverify.journal.reading import recent
from tests.doors import NOON, decided, door_keys


def main(folder: Path, keys_folder: Path, fault: Path, kind: str) -> None:
    keys = door_keys(keys_folder)
    path = folder / "journal.sqlite"
    journal = Journal.open(path, now=NOON).journal
    first = journal.record(decided("before"), keys).decision.sequence
    fault.write_text(kind)
    refused = []
    for number in range(3):
        try:
            journal.record(decided(f"during-{number}"), keys)
        except JournalUnavailableError as error:  # noqa: PERF203
            refused.append(error.problem)
    named = [each.name for each in journal.degradations()]
    fault.unlink()
    journal.probe(NOON + timedelta(seconds=5))
    last = journal.record(decided("after"), keys).decision.sequence
    still_named = [each.name for each in journal.degradations()]
    journal.close()
    rows = [row.event_id for row in recent(path)]
    report = {
        "refused": refused,
        "named": named,
        "still_named": still_named,
        "rows": rows,
        "rises": last > first,
    }
    print(json.dumps(report))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
