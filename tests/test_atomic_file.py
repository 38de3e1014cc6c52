"""A file is whole or as it was before, whatever goes wrong on the way."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeverify.atomic_file import PUBLIC_FILE, read_plain, sync_folder, whole_file, write_whole
from edgeverify.config.reading import read_yaml
from edgeverify.errors import ConfigError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secret"


def test_it_is_private_unless_said_otherwise(path: Path) -> None:
    before = os.umask(0)
    try:
        write_whole(path, b"one")
        assert path.stat().st_mode & 0o777 == 0o600
        os.umask(0o077)
        write_whole(path, b"two", mode=PUBLIC_FILE)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644
    assert path.read_bytes() == b"two"


@pytest.mark.parametrize("may_replace", [True, False])
def test_an_error_on_the_way_leaves_what_was_there_and_nothing_beside_it(
    path: Path, *, may_replace: bool
) -> None:
    if may_replace:
        write_whole(path, b"before")

    def write_and_fail() -> None:
        with whole_file(path, may_replace=may_replace) as file:
            file.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    assert {entry.name for entry in path.parent.iterdir()} == ({"secret"} if may_replace else set())
    assert not may_replace or path.read_bytes() == b"before"


def test_a_full_disk_is_named_after_the_file_that_was_wanted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole(path, b"before")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device", f"{descriptor}")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as raised:
        write_whole(path, b"after")
    assert raised.value.filename == str(path)
    assert path.read_bytes() == b"before"
    assert [entry.name for entry in path.parent.iterdir()] == ["secret"]


def test_in_a_folder_that_is_not_there_it_says_which_file(path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        write_whole(path.parent / "nowhere" / "file", b"")
    assert raised.value.filename.endswith("nowhere/file")


def test_what_may_not_be_replaced_stays(path: Path) -> None:
    write_whole(path, b"first", may_replace=False)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        write_whole(path, b"second", may_replace=False)
    assert path.read_bytes() == b"first"
    assert [entry.name for entry in path.parent.iterdir()] == ["secret"]


def test_a_link_is_replaced_and_not_written_through(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    elsewhere.write_bytes(b"theirs")
    path.symlink_to(elsewhere)
    write_whole(path, b"ours")
    assert (path.read_bytes(), elsewhere.read_bytes()) == (b"ours", b"theirs")
    assert not path.is_symlink()


def test_it_is_synced_before_the_rename_and_the_folder_after_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def recorded_fsync(descriptor: int) -> None:
        seen.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")  # noqa: PTH112
        fsync(descriptor)

    def recorded_replace(source: Path, target: Path) -> Path:
        seen.append("rename")
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(Path, "replace", recorded_replace)
    write_whole(path, b"content")
    assert seen == ["file", "rename", "folder"]
    seen.clear()
    write_whole(path, b"content", is_durable=False)
    assert seen == ["rename"]
    sync_folder(path.parent)
    assert seen == ["rename", "folder"]


@pytest.mark.parametrize("read", [read_plain, read_yaml])
def test_what_is_no_file_leaves_no_descriptor_open(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    """A folder in the place of a file is met again at every reload, until no file can be opened."""
    (tmp_path / "folder.pem").mkdir()
    os.mkfifo(tmp_path / "pipe.pem")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for name in ("folder.pem", "pipe.pem"):
        with pytest.raises((OSError, ConfigError)):
            read(tmp_path / name)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
