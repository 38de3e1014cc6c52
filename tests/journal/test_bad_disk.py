"""A disk that is full or turns read-only: deny, and be back once it is well."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from edgeverify.domain import FaultName, Outcome, Reason
from edgeverify.errors import JournalUnavailableError
from edgeverify.journal import Journal
from edgeverify.journal.database import integrity, unavailable
from edgeverify.journal.reading import recent
from edgeverify.keys import SigningKeys
from tests.absent import absent
from tests.doors import NOON, decided


def _mounted(folder: Path) -> None:
    if os.geteuid() != 0:
        absent("only root can mount a small disk")
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    done = subprocess.run(["mount", *options], check=False, capture_output=True, text=True)
    if done.returncode:
        absent(f"a small disk cannot be mounted here: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    _mounted(folder)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return ballast


def _is_written(journal: Journal, name: str, keys: SigningKeys) -> bool:
    try:
        journal.record(decided(name), keys)
    except JournalUnavailableError:
        return False
    return True


def test_a_full_disk_denies_and_lets_in_again_once_there_is_space(
    small_disk: Path, keys: SigningKeys
) -> None:
    path = small_disk / "journal.sqlite"
    journal = Journal.open(path, now=NOON).journal
    journal.record(decided("before"), keys)
    ballast = _fill(small_disk)
    refused: list[str] = []
    for n in range(300):  # the log's own file has some room left
        if len(refused) < 3 and not _is_written(journal, f"full-{n}", keys):
            refused.append(f"event-full-{n}")
    assert len(refused) == 3
    (notice,) = journal.degradations()
    assert notice.name == "journal_unavailable"
    denial = decided("told", outcome=Outcome.DENY, reason=Reason.JOURNAL_UNAVAILABLE)
    told = journal.sign_unrecorded(denial, keys).decision.sequence

    ballast.unlink()
    journal.probe(NOON)
    assert journal.degradations() == ()
    assert journal.record(decided("after"), keys).decision.sequence > told
    written = {row.event_id for row in recent(path, limit=1000)}
    assert not written & set(refused), "what was refused is not history"
    assert {"event-before", "event-after"} <= written
    journal.close()
    assert integrity(path) == ()


def test_a_disk_that_becomes_read_only_denies_and_recovers(
    small_disk: Path, keys: SigningKeys
) -> None:
    journal = Journal.open(small_disk / "journal.sqlite", now=NOON).journal
    journal.record(decided("before"), keys)
    journal._storage.drop()  # a file system is remounted read-only only once nothing writes
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(JournalUnavailableError, match=r"(?i)read-?only"):
        journal.record(decided("during"), keys)
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    journal.record(decided("after"), keys)
    assert journal.degradations() == ()
    journal.close()


def test_nothing_is_granted_on_a_row_that_no_restart_would_find(
    tmp_path: Path, keys: SigningKeys
) -> None:
    """SQLite writes on into a file that was deleted or replaced under it, and says nothing."""
    path = tmp_path / "journal.sqlite"
    journal = Journal.open(path, now=NOON).journal
    first = journal.record(decided("before"), keys)
    older = tmp_path / "older"
    older.write_bytes(path.read_bytes())
    for lose in (path.unlink, lambda: path.rename(tmp_path / "away"), lambda: older.replace(path)):
        lose()
        with pytest.raises(JournalUnavailableError, match="replaced while the door ran"):
            journal.record(decided("nowhere"), keys)
        told = {found.name: found.detail for found in journal.degradations()}
        assert "journal_unavailable" in told
        assert "replaced while the door ran" in told[FaultName.JOURNAL_CHANGED]
        journal.probe(NOON)
        later = journal.record(decided(f"after {lose}"), keys)
        assert later.decision.sequence > first.decision.sequence
        first = later
        assert recent(path, limit=1)[0].sequence == later.decision.sequence
    # Found by the look of every few seconds too, where nobody claims meanwhile.
    path.unlink()
    with pytest.raises(JournalUnavailableError):
        journal.probe(NOON)
    journal.probe(NOON)
    assert integrity(path) == ()
    journal.close()


def test_a_folder_that_cannot_be_entered_for_a_while_is_not_called_replaced(
    tmp_path: Path, keys: SigningKeys
) -> None:
    """Rights that were taken and given back are no reason to ask who changed the journal."""
    folder, away = tmp_path / "state", tmp_path / "away"
    folder.mkdir()
    journal = Journal.open(folder / "journal.sqlite", now=NOON).journal
    before = journal.record(decided("before"), keys)
    folder.rename(away)
    folder.symlink_to(folder)  # as bad for root as a folder without rights is for others
    for _ in range(2):
        with pytest.raises(JournalUnavailableError) as told:
            journal.record(decided("meanwhile"), keys)
        assert "Errno" not in told.value.problem
    assert [one.name for one in journal.degradations()] == ["journal_unavailable"]
    folder.unlink()
    away.rename(folder)
    after = journal.record(decided("after"), keys)
    assert journal.degradations() == ()
    assert after.decision.sequence > before.decision.sequence
    written = {row.event_id for row in recent(folder / "journal.sqlite", limit=9)}
    assert written == {"event-before", "event-after"}
    journal.close()


@pytest.mark.parametrize(
    ("code", "advice"), [(errno.EACCES, "belong to the user"), (errno.ENOENT, "is gone")]
)
def test_what_the_system_says_of_the_file_is_said_in_words(
    tmp_path: Path, code: int, advice: str
) -> None:
    path = tmp_path / "journal.sqlite"
    told = unavailable(path, OSError(code, os.strerror(code), str(path)))
    assert told.problem == f"the journal {path} cannot be written: {os.strerror(code)}"
    assert advice in told.advice


def test_where_the_disk_is_full_no_disk_is_called_failing(small_disk: Path) -> None:
    """SQLite calls it an I/O error where a reader finds no room for what lies beside the file."""
    path = small_disk / "journal.sqlite"
    trouble = sqlite3.OperationalError("disk I/O error")
    assert "replace it" in unavailable(path, trouble).advice
    _fill(small_disk)
    worded = unavailable(path, trouble, is_reading=True)
    assert "cannot be read" in worded.problem
    assert worded.problem.endswith("its disk is full")
    assert worded.advice.startswith("Free space")
    words = worded.problem.partition("cannot be read: ")[2]
    again = unavailable(path, sqlite3.OperationalError(words), is_reading=True)
    assert again.problem == worded.problem, "what was said once is not said once more"


def _garbage(path: Path, _older: bytes) -> None:
    path.write_bytes(os.urandom(60_000))


def _cut(path: Path, _older: bytes) -> None:
    os.truncate(path, 0)


def _older_copy(path: Path, older: bytes) -> None:
    path.write_bytes(older)


@pytest.mark.parametrize("spoil", [_garbage, _cut, _older_copy])
def test_nothing_is_granted_on_a_file_that_somebody_else_wrote_into(
    tmp_path: Path, keys: SigningKeys, spoil: Callable[[Path, bytes], None]
) -> None:
    """The name and the file's number stay the same: `cp` over it, an editor, a disk tool."""
    path = tmp_path / "journal.sqlite"
    journal = Journal.open(path, now=NOON).journal
    journal.record(decided("before"), keys)
    journal.rewrite()
    older = path.read_bytes()
    last = journal.record(decided("since"), keys)
    journal.rewrite()  # nothing of it is in the log alone
    spoil(path, older)

    with pytest.raises(JournalUnavailableError, match="wrote into it while the door ran"):
        journal.record(decided("nowhere"), keys)
    journal.probe(NOON)
    told = {found.name: found.detail for found in journal.degradations()}
    assert "wrote into it while the door ran" in told[FaultName.JOURNAL_CHANGED]
    later = journal.record(decided("after"), keys)
    assert later.decision.sequence > last.decision.sequence
    assert recent(path, limit=1)[0].sequence == later.decision.sequence
    journal.close()
    again = Journal.open(path, now=NOON).journal
    assert {notice.name for notice in again.degradations()} == set(), "it is whole"
    assert recent(path, limit=1)[0].event_id == "event-after"
    again.close()


def test_who_reads_copies_or_checkpoints_it_changes_nothing(
    tmp_path: Path, keys: SigningKeys
) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal.open(path, now=NOON).journal
    for number in range(3):
        journal.record(decided(f"one-{number}"), keys)
        recent(path, limit=5)
        integrity(path)
        (tmp_path / "copy").write_bytes(path.read_bytes())
        with closing(sqlite3.connect(path)) as other:
            other.execute("SELECT count(*) FROM decisions").fetchone()
    journal.record(decided("two"), keys)
    with closing(sqlite3.connect(path)) as other:  # what SQLite writes for it stood in the log
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    for number in range(400):  # past several automatic checkpoints
        journal.record(decided(f"two-{number}"), keys)
    assert journal.degradations() == ()
    journal.close()


def test_a_disk_without_locks_is_not_called_failing_or_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What SQLite says there, measured with fcntl(2) answering ENOLCK, EOPNOTSUPP and EAGAIN."""
    path = tmp_path / "journal.sqlite"
    failing, in_use = map(sqlite3.OperationalError, ("disk I/O error", "database is locked"))
    assert "replace it" in unavailable(path, failing).advice
    assert f"fuser {path}" in unavailable(path, in_use).advice

    def refuse(*_arguments: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", refuse)
    for trouble in (failing, in_use, sqlite3.OperationalError("journal mode 'delete'")):
        worded = unavailable(path, trouble)
        assert worded.problem.endswith("its file system takes no locks")
        assert worded.advice.startswith("Put the state on a local disk")
        assert "a local one" in FaultName.JOURNAL_UNAVAILABLE.advice
    assert list(tmp_path.iterdir()) == []
