"""Values that no door writes, in a file that SQLite finds whole: set aside, and the door starts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from edgeverify.domain import FaultName, NoticeKind
from edgeverify.errors import JournalUnavailableError
from edgeverify.journal import Journal
from edgeverify.journal.reading import acts, find, read_notices, recent
from tests.doors import DOOR, NOON, decided, door_keys

EDITS = {
    "a floor that is text": "UPDATE facts SET value = 'yesterday' WHERE name = 'floor_ms'",
    "a floor in a year of its own": (
        "UPDATE facts SET value = '9999999999999999' WHERE name = 'floor_ms'"
    ),
    "a floor below zero": "UPDATE facts SET value = '-5' WHERE name = 'floor_ms'",
    "reserved numbers that are none": "UPDATE facts SET value = '1e9' WHERE name = 'reserved'",
    "a sequence at the end of all numbers": "UPDATE decisions SET sequence = 9223372036854775807",
    "failures that are text": "INSERT INTO lockouts VALUES ('1', 'many', NULL, NULL)",
    "a lock that ends never": "INSERT INTO lockouts VALUES ('1', 5, 1, 9223372036854775807)",
    "a card that is no text": "INSERT INTO lockouts VALUES (CAST(x'e5ff' AS TEXT), 5, 1, 2)",
    "a claim that is no text": "INSERT INTO claims VALUES (CAST(x'e5ff' AS TEXT), 5)",
    "a fact that is no text": "INSERT INTO facts VALUES ('boot', CAST(x'e5ff' AS TEXT))",
    "who came in at no time": "INSERT INTO inside VALUES ('1', 'soon', 'e')",
    "a claim's end that is text": "INSERT INTO claims VALUES ('c', 'soon')",
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=list(EDITS))
def test_an_implausible_value_is_damage(tmp_path: Path, edit: str) -> None:
    path, keys = tmp_path / "journal.sqlite", door_keys(tmp_path)
    journal = Journal.open(path, now=NOON).journal
    last = journal.record(decided("one", at=NOON), keys).decision.sequence
    journal.mark_sent([last])
    journal.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(edit)
        connection.commit()
    opened = Journal.open(path, now=NOON)
    assert [notice.name for notice in opened.notices] == [FaultName.JOURNAL_REPLACED]
    assert list(tmp_path.glob("journal.sqlite.corrupt-*"))
    assert opened.journal.record(decided("two", at=NOON), keys).decision.sequence > last
    assert opened.journal.lockouts() == {}
    opened.journal.close()


@pytest.mark.parametrize("word", [b"facts (name", b"decisions (", b"lockouts ("])
def test_a_schema_that_is_no_text_is_damage(tmp_path: Path, word: bytes) -> None:
    path = tmp_path / "journal.sqlite"
    Journal.open(path, now=NOON).journal.close()
    content = path.read_bytes()
    assert word in content
    path.write_bytes(content.replace(word, b"\xe5" + word[1:], 1))
    opened = Journal.open(path, now=NOON)
    assert [notice.name for notice in opened.notices] == [FaultName.JOURNAL_REPLACED]
    opened.journal.close()


ODD = ["many", 2**63 - 1, -(2**63), float("inf"), b"\x00\xff", 253402300800000, "[" * 100_000]


@pytest.mark.parametrize("value", ODD, ids=lambda value: str(value)[:12])
@pytest.mark.parametrize(
    "column",
    ["acts.at_ms", "notices.at_ms", "notices.kind", "decisions.issued_ms", "decisions.details"],
)
def test_whoever_reads_one_is_told_where(tmp_path: Path, column: str, value: object) -> None:
    path, keys = tmp_path / "journal.sqlite", door_keys(tmp_path)
    journal = Journal.open(path, now=NOON).journal
    entry = replace(decided("one", at=NOON), notices=(NoticeKind.DURESS,))
    journal.record(entry, keys)
    journal.note_act("unlock", "7", at=NOON, by_user="root")
    journal.close()
    table, _, name = column.partition(".")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE {table} SET {name} = ?", (value,))  # noqa: S608 - of ours
        connection.commit()
    readers: dict[str, Callable[[], object]] = {
        "acts": lambda: acts(path),
        "notices": lambda: read_notices(path, DOOR),
        "decisions": lambda: recent(path),
    }
    with pytest.raises(JournalUnavailableError, match="that no door writes"):
        readers[table]()


@pytest.mark.parametrize("value", ["many", float("inf"), b"\x00\xff"], ids=["text", "inf", "bytes"])
@pytest.mark.parametrize("column", ["frames.offset_seconds", "decisions.duration_seconds"])
def test_a_number_that_is_none_is_no_report(tmp_path: Path, column: str, value: object) -> None:
    path, keys = tmp_path / "journal.sqlite", door_keys(tmp_path)
    journal = Journal.open(path, now=NOON).journal
    journal.record(decided("one", at=NOON), keys)
    journal.close()
    table, _, name = column.partition(".")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE {table} SET {name} = ?", (value,))  # noqa: S608 - of ours
        connection.commit()
    with pytest.raises(JournalUnavailableError, match="value that no door writes"):
        find(path, "event-one")
