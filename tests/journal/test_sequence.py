"""Sequence numbers rise: over restarts, crashes, lost journals and disks that are full."""

from __future__ import annotations

import sqlite3
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from edgeverify.domain import Outcome, Reason
from edgeverify.errors import JournalUnavailableError
from edgeverify.journal import Journal
from edgeverify.keys import SigningKeys
from tests.doors import NOON, decided


def test_the_sequence_rises_over_restarts_without_a_gap(path: Path, keys: SigningKeys) -> None:
    numbers = []
    for n in range(3):
        journal = Journal.open(path, now=NOON).journal
        numbers.append(journal.record(decided(str(n)), keys).decision.sequence)
        journal.close()
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]


def test_after_a_crash_the_sequence_rises_too(path: Path, keys: SigningKeys) -> None:
    journal = Journal.open(path, now=NOON).journal
    before = journal.record(decided("one"), keys).decision.sequence
    denial = decided("two", outcome=Outcome.DENY, reason=Reason.JOURNAL_UNAVAILABLE)
    unrecorded = journal.sign_unrecorded(denial, keys).decision.sequence
    journal._storage.drop()  # killed: nothing is given back
    after = Journal.open(path, now=NOON - timedelta(days=3650)).journal
    assert after.record(decided("three"), keys).decision.sequence > unrecorded > before
    after.close()


def test_a_new_journal_counts_on_above_a_lost_one(path: Path, keys: SigningKeys) -> None:
    journal = Journal.open(path, now=NOON).journal
    lost = journal.record(decided("one"), keys).decision.sequence
    journal.close()
    path.unlink()
    journal = Journal.open(path, now=NOON + timedelta(seconds=5)).journal
    assert journal.record(decided("two"), keys).decision.sequence > lost
    journal.close()


def test_a_grant_without_a_row_cannot_be_signed(journal: Journal, keys: SigningKeys) -> None:
    with pytest.raises(ValueError, match="without a row"):
        journal.sign_unrecorded(decided("one"), keys)


DENIAL = decided("x", outcome=Outcome.DENY, reason=Reason.JOURNAL_UNAVAILABLE)


def _full(_path: Path) -> sqlite3.Connection:
    raise sqlite3.OperationalError("database or disk is full")


def test_numbers_for_denials_do_not_run_out_while_their_file_can_be_told(
    journal: Journal, keys: SigningKeys
) -> None:
    numbers = [journal.sign_unrecorded(DENIAL, keys).decision.sequence for _ in range(600)]
    assert numbers == sorted(set(numbers))


def test_a_door_started_on_a_full_disk_can_number_its_denials(
    path: Path, keys: SigningKeys
) -> None:
    journal = Journal.open(path, now=NOON).journal
    before = journal.record(decided("one"), keys).decision.sequence
    journal.close()
    numbers = [before]
    for _ in range(3):  # it is started again and again, and each time killed
        blind = Journal(path, connect=_full)
        numbers += [blind.sign_unrecorded(DENIAL, keys).decision.sequence for _ in range(300)]
        with pytest.raises(JournalUnavailableError):
            blind.record(decided("never"), keys)
    journal = Journal.open(path, now=NOON).journal
    numbers.append(journal.record(decided("two"), keys).decision.sequence)
    journal.close()
    assert numbers == sorted(set(numbers)), "no number comes twice"
    assert numbers[1] == before + 1


def test_without_knowing_which_numbers_were_used_none_is_given(
    path: Path, keys: SigningKeys
) -> None:
    with pytest.raises(JournalUnavailableError, match="no sequence number is left"):
        Journal(path, connect=_full).sign_unrecorded(DENIAL, keys)
    Journal.open(path, now=NOON).journal.close()
    numbers = path.with_name("journal.numbers")
    for garbage in (b"", b"abc", b"-5", b"9" * 20):
        numbers.write_bytes(garbage)
        with pytest.raises(JournalUnavailableError):
            Journal(path, connect=_full).sign_unrecorded(DENIAL, keys)


def test_numbers_go_on_without_a_gap_after_an_orderly_end(path: Path, keys: SigningKeys) -> None:
    journal = Journal.open(path, now=NOON).journal
    first = journal.record(decided("one"), keys).decision.sequence
    journal.close()
    journal = Journal.open(path, now=NOON).journal
    assert journal.record(decided("two"), keys).decision.sequence == first + 1
    journal.close()
    assert stat.S_IMODE(path.with_name("journal.numbers").stat().st_mode) == 0o600
