"""Pictures as evidence: sealed, one key each, destroyed by age, size and request."""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from edgeverify.errors import StateError
from edgeverify.references.evidence import EvidenceFolder
from tests.doors import NOON

SECRET = bytes(range(32))
JPEG = b"\xff\xd8" + b"somebody's face" * 40 + b"\xff\xd9"


@pytest.fixture
def kept(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path / "evidence", SECRET)


def test_a_picture_comes_back_and_lies_sealed_for_its_owner_alone(kept: EvidenceFolder) -> None:
    kept.keep("e-1", JPEG)
    assert kept.open("e-1") == JPEG
    (file,) = kept.folder.iterdir()
    assert b"face" not in file.read_bytes()
    assert (file.stat().st_mode & 0o777, kept.folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert SECRET.hex() not in repr(kept)


def test_another_key_a_changed_byte_and_another_decisions_picture_do_not_open(
    kept: EvidenceFolder,
) -> None:
    kept.keep("e-1", JPEG)
    with pytest.raises(StateError, match="cannot be opened"):
        EvidenceFolder(kept.folder, bytes(32)).open("e-1")
    file = kept.folder / "e-1.picture"
    (kept.folder / "e-2.picture").write_bytes(file.read_bytes())
    with pytest.raises(StateError, match="cannot be opened"):
        kept.open("e-2")
    changed = bytearray(file.read_bytes())
    changed[-1] ^= 1
    file.write_bytes(changed)
    with pytest.raises(StateError, match="cannot be opened"):
        kept.open("e-1")
    file.write_bytes(b"short")
    with pytest.raises(StateError, match="cannot be opened"):
        kept.open("e-1")


@pytest.mark.parametrize("name", ["", "../master", "a/b", ".hidden", "x" * 200])
def test_what_is_no_decision_opens_no_file(kept: EvidenceFolder, name: str) -> None:
    with pytest.raises(StateError, match="is not the id of a decision"):
        kept.open(name)


def test_what_is_not_kept_is_said(kept: EvidenceFolder) -> None:
    with pytest.raises(StateError, match="there is no picture"):
        kept.open("e-9")
    assert kept.kept() == frozenset()
    assert kept.destroy(["e-9"]) == 0


def test_old_pictures_go_first_and_then_the_oldest_beyond_the_size(kept: EvidenceFolder) -> None:
    for days in range(6):
        kept.keep(f"e-{days}", JPEG)
        at = (NOON - timedelta(days=days)).timestamp()
        os.utime(kept.folder / f"e-{days}.picture", (at, at))
    assert kept.prune(NOON - timedelta(days=3, hours=1), 1 << 20) == 2
    assert kept.kept() == {"e-0", "e-1", "e-2", "e-3"}
    size = (kept.folder / "e-0.picture").stat().st_size
    assert kept.prune(NOON - timedelta(days=9), 2 * size) == 2
    assert kept.kept() == {"e-0", "e-1"}
    assert kept.destroy(["e-0", "e-7"]) == 1
    assert kept.kept() == {"e-1"}


def test_a_picture_that_cannot_be_destroyed_is_named_and_keeps_no_other(
    kept: EvidenceFolder,
) -> None:
    for name in ("e-1", "e-2", "e-3"):
        kept.keep(name, JPEG)
    stuck = kept.folder / "e-0.picture"
    stuck.mkdir()  # what even root cannot open for writing
    with pytest.raises(StateError, match=r"e-0\.picture cannot be destroyed: Is a directory"):
        kept.destroy(["e-0", "e-1"])
    assert kept.kept() == {"e-0", "e-2", "e-3"}
    with pytest.raises(StateError, match=r"e-0\.picture cannot be destroyed"):
        kept.prune(NOON + timedelta(days=99_999), 0)
    assert kept.kept() == {"e-0"}


def test_a_folder_that_cannot_be_read_is_not_taken_for_an_empty_one(
    kept: EvidenceFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> list[str]:
        raise PermissionError(13, "Permission denied", str(folder))

    kept.keep("e-1", JPEG)
    monkeypatch.setattr("edgeverify.folder_listing.os.listdir", refuse)
    with pytest.raises(StateError, match="evidence cannot be read: Permission denied"):
        kept.kept()


def test_pictures_may_go_while_they_are_counted_and_destroyed(kept: EvidenceFolder) -> None:
    # A command forgets a person while the door prunes: each may find that the other was there.
    ends = threading.Event()

    def remove() -> None:
        while not ends.is_set():
            shutil.rmtree(kept.folder, ignore_errors=True)

    other = threading.Thread(target=remove)
    other.start()
    try:
        for _ in range(50):
            with suppress(OSError):  # `keep` is told that its folder went, and its caller knows it
                kept.keep("e-1", JPEG)
            kept.kept()
            kept.prune(NOON + timedelta(days=99_999), 0)
            kept.destroy(["e-1"])
    finally:
        ends.set()
        other.join()
