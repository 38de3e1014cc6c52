"""What the door writes down, and what it still knows after restarts, full disks and damage."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from edgeverify.domain import Outcome, Reason
from edgeverify.errors import JournalUnavailableError
from edgeverify.events import EventKind, parse_event
from edgeverify.journal import Journal
from edgeverify.journal.database import integrity
from edgeverify.journal.reading import find, recent
from edgeverify.journal.retention import STEP
from edgeverify.keys import SigningKeys
from edgeverify.lockout import LockoutState
from edgeverify.settings import JournalSettings
from tests.doors import NOON, decided


def test_a_decision_is_whole_or_not_there(journal: Journal, keys: SigningKeys, path: Path) -> None:
    locked = LockoutState(failures=5, last_failure_at=NOON, locked_until=NOON)
    entry = decided("one", at=NOON, lockouts={"0012345": locked})
    signed = journal.record(entry, keys)
    row = find(path, "event-one")
    assert row is not None
    assert (row.outcome, row.reason, row.card) == (Outcome.GRANT, Reason.MATCH, "0012345")
    assert row.sequence == signed.decision.sequence
    assert row.issued_at == NOON
    assert row.details == {"model": "dlib-resnet"}
    assert row.frames == entry.frames
    assert not row.is_delivered
    assert journal.lockouts() == {"0012345": locked}
    assert journal.claim_ids(NOON) == {"claim-one": NOON + timedelta(seconds=20)}
    assert journal.floor() == NOON
    assert len(recent(path)) == 1
    (waiting,) = journal.outbox()
    event = parse_event(waiting.message)
    assert event.kind is EventKind.HISTORY
    assert event.payload == signed.payload
    assert event.score is None

    # the same event id again: nothing of it may stand
    with pytest.raises(JournalUnavailableError):
        journal.record(replace(entry, lockouts={"0012345": LockoutState(failures=1)}), keys)
    journal.probe(NOON)
    assert journal.lockouts() == {"0012345": locked}
    assert len(journal.outbox()) == 1


def test_scores_go_to_the_audit_topic_only_if_the_config_says_so(
    journal: Journal, keys: SigningKeys
) -> None:
    journal.record(decided("one", include_scores=True), keys)
    assert parse_event(journal.outbox()[0].message).score == pytest.approx(0.9312345, abs=1e-6)


def test_the_outbox_empties_in_order_and_over_restarts(path: Path, keys: SigningKeys) -> None:
    journal = Journal.open(path, now=NOON).journal
    for n in range(5):
        journal.record(decided(str(n)), keys)
    first, second, *_ = journal.outbox()
    journal.mark_sent([first.sequence, second.sequence])
    journal.close()
    journal = Journal.open(path, now=NOON).journal
    waiting = journal.outbox(limit=2)
    assert [row.sequence for row in waiting] == [second.sequence + 1, second.sequence + 2]
    assert journal.outbox(after=waiting[-1].sequence)[0].sequence == second.sequence + 3
    assert journal.outbox_length() == 3
    assert [row.is_delivered for row in recent(path)] == [False, False, False, True, True]
    assert len(recent(path, limit=2)) == 2
    assert recent(path, card="nobody") == ()
    journal.close()


def test_nobody_else_may_read_it(journal: Journal, keys: SigningKeys, path: Path) -> None:
    journal.record(decided("one"), keys)
    files = sorted(path.parent.glob("journal.sqlite*"))
    assert len(files) == 3
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)


def test_every_commit_is_fully_synchronous(journal: Journal) -> None:
    with journal._storage.opened() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_link_in_its_place_is_refused(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere")
    (notice,) = Journal.open(path, now=NOON).notices
    assert notice.name == "journal_unavailable"


def test_a_corrupt_journal_is_moved_aside_and_said(path: Path, keys: SigningKeys) -> None:
    journal = Journal.open(path, now=NOON).journal
    numbers = [journal.record(decided(str(n)), keys).decision.sequence for n in range(50)]
    journal.close()
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8192] = os.urandom(8192)
    path.write_bytes(content)

    opened = Journal.open(path, now=NOON)
    (notice,) = opened.notices
    assert notice.name == "journal_replaced"
    kept = path.with_name("journal.sqlite.corrupt-20261122T120000")
    assert str(kept) in notice.detail
    assert kept.read_bytes()[4096:] == bytes(content)[4096:]
    assert opened.journal.record(decided("new"), keys).decision.sequence > max(numbers)
    assert opened.journal.floor() is not None, "the clock's floor was saved"
    opened.journal.close()
    assert integrity(path) == ()


def test_a_file_that_is_no_database_is_moved_aside(path: Path, keys: SigningKeys) -> None:
    for number in (1, 2):
        path.write_bytes(b"this is a shopping list" * 500)
        opened = Journal.open(path, now=NOON)
        assert [notice.name for notice in opened.notices] == ["journal_replaced"]
        opened.journal.record(decided(str(number)), keys)
        opened.journal.close()
    kept = [file.read_bytes()[:23] for file in path.parent.glob("journal.sqlite.corrupt-*0*")]
    assert kept.count(b"this is a shopping list") == 2


def test_damage_while_running_denies_and_then_recovers(
    journal: Journal, keys: SigningKeys, path: Path
) -> None:
    before = [journal.record(decided(str(n)), keys).decision.sequence for n in range(80)]
    with journal._storage.opened() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        connection.execute("PRAGMA cache_size = 0")
        connection.execute("PRAGMA shrink_memory")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    with pytest.raises(JournalUnavailableError):
        journal.record(decided("a grant without a row"), keys)
    assert "journal_unavailable" in {notice.name for notice in journal.degradations()}
    journal.probe(NOON)
    named = {notice.name for notice in journal.degradations()}
    assert named == {"journal_replaced", "journal_changed"}
    assert journal.record(decided("after"), keys).decision.sequence > max(before)


def test_retention_lets_old_delivered_decisions_go_and_no_others(
    journal: Journal, keys: SigningKeys, path: Path
) -> None:
    settings = JournalSettings(retention_days=30)
    old = NOON - timedelta(days=31)
    for n in range(3):
        journal.record(decided(f"old-{n}", at=old), keys)
    journal.record(decided("new", at=NOON), keys)
    first, second, third, new = journal.outbox()
    journal.mark_sent([first.sequence, third.sequence, new.sequence])
    assert journal.prune(NOON, settings) == 2
    assert journal.prune(NOON, settings) == 0
    assert [row.event_id for row in recent(path)] == ["event-new", "event-old-1"]
    assert [row.sequence for row in journal.outbox()] == [second.sequence]
    assert set(journal.claim_ids(NOON - timedelta(days=99))) == {"claim-new"}
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(DISTINCT sequence) FROM frames").fetchone() == (2,)


def test_ids_of_claims_that_came_while_the_clock_ran_ahead_do_not_stay_until_it_comes_there(
    journal: Journal, keys: SigningKeys
) -> None:
    """Years of claims would fill the file, and shut everybody out at the next start."""
    ahead = NOON + timedelta(days=3650)
    journal.record(decided("then", at=ahead), keys)
    journal.record(decided("now", at=NOON), keys)
    journal.prune(NOON, JournalSettings(), ahead)
    assert set(journal.claim_ids(NOON)) == {"claim-then", "claim-now"}, "both may come again"
    journal.prune(NOON, JournalSettings(), ahead + timedelta(minutes=1))
    assert set(journal.claim_ids(NOON)) == {"claim-now"}
    journal.record(decided("again", at=ahead), keys)
    journal.prune(NOON, JournalSettings(), NOON)
    assert set(journal.claim_ids(NOON)) == {"claim-now"}


def test_retention_by_size_takes_the_oldest_first(
    journal: Journal, keys: SigningKeys, path: Path
) -> None:
    for n in range(60):
        journal.record(decided(str(n), frames=60), keys)
    journal.mark_sent([row.sequence for row in journal.outbox(limit=50)])
    small = JournalSettings(max_mebibytes=8).model_copy(update={"max_mebibytes": 0})
    assert journal.prune(NOON, small) == 50
    assert journal.degradations() == ()
    assert journal.prune(NOON, small) == 0, "undelivered ones stay, however large they are"
    assert [each.name for each in journal.degradations()] == ["journal_oversized"]
    assert recent(path, limit=1000)[-1].event_id == "event-50"


def test_a_journal_that_grows_faster_than_it_is_pruned_says_so(
    journal: Journal, keys: SigningKeys
) -> None:
    for n in range(STEP + 1):
        journal.record(decided(str(n), frames=0), keys)
    for _ in range(3):
        journal.mark_sent([row.sequence for row in journal.outbox(limit=STEP)])
    small = JournalSettings(max_mebibytes=8).model_copy(update={"max_mebibytes": 0})
    assert journal.prune(NOON, small) == STEP, "and the supervisor comes back at once"
    (oversized,) = journal.degradations()
    assert "faster" in oversized.detail
    assert journal.prune(NOON, small) == 1
    assert journal.degradations() == ()


def test_after_everything_was_pruned_the_sequence_does_not_begin_anew(
    path: Path, keys: SigningKeys
) -> None:
    journal = Journal.open(path, now=NOON).journal
    last = journal.record(decided("one", at=NOON - timedelta(days=99)), keys).decision.sequence
    journal.mark_sent([last])
    assert journal.prune(NOON, JournalSettings(retention_days=1)) == 1
    journal.close()
    journal = Journal.open(path, now=NOON).journal
    assert journal.record(decided("two"), keys).decision.sequence == last + 1
    journal.close()


def test_unlocking_is_written_down_with_who_did_it(
    journal: Journal, keys: SigningKeys, path: Path
) -> None:
    locked = LockoutState(failures=5, last_failure_at=NOON, locked_until=NOON)
    journal.record(decided("one", lockouts={"0012345": locked, "": locked}), keys)
    assert journal.unlock("0012345", at=NOON, by_user="ada").had_failures
    assert not journal.unlock("0012345", at=NOON, by_user="ada").had_failures
    assert journal.lockouts() == {"": locked}
    with closing(sqlite3.connect(path)) as connection:
        acts = connection.execute("SELECT act, subject, by_user FROM acts").fetchall()
    assert acts == [("unlock", "0012345", "ada")] * 2


def test_a_person_may_lower_the_clocks_floor(journal: Journal, keys: SigningKeys) -> None:
    future = NOON + timedelta(days=3650)
    journal.record(replace(decided("one"), floor=future), keys)
    journal.record(replace(decided("two"), floor=NOON), keys)
    assert journal.floor() == future, "a decision never lowers it"
    journal.accept_clock(at=NOON, by_user="ada")
    assert journal.floor() == NOON


def test_a_closed_journal_says_so(path: Path, keys: SigningKeys) -> None:
    journal = Journal.open(path, now=NOON).journal
    journal.record(decided("one"), keys)
    journal.close()
    with pytest.raises(JournalUnavailableError, match="closed"):
        journal.outbox()


def test_the_list_of_a_door_that_never_ran_is_a_plain_error(tmp_path: Path) -> None:
    with pytest.raises(JournalUnavailableError, match="does not exist"):
        recent(tmp_path / "journal.sqlite")
