"""A disk that is full or turns read-only: deny, and be back once it is well."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from edgeverify.domain import Outcome, Reason
from edgeverify.errors import JournalUnavailableError
from edgeverify.journal import Journal
from edgeverify.journal.database import integrity
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
