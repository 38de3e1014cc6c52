"""A master key that comes from elsewhere takes over what lay under the one in the state."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edgeverify.errors import KeyUnusableError, StateError
from edgeverify.references import takeover
from edgeverify.references.takeover import take_over
from tests.references.test_store import KEY, NOW, SPACE, opened, photo

NEW = bytes(range(100, 132))


@pytest.fixture
def enrolled(tmp_path: Path) -> Path:
    """References of two people under the key that was made at the first start."""
    (tmp_path / "master.key").write_bytes(KEY)
    (tmp_path / "master.key").chmod(0o600)
    store = opened(tmp_path / "references.sqlite")
    for number in (1, 2):
        store.put(f"000{number}", f"Person {number}", (photo(number),), now=NOW)
    store.close()
    return tmp_path / "references.sqlite"


def _take_over(references: Path, secret: bytes = NEW) -> bool:
    return take_over(references, references.with_name("master.key"), secret, "a credential")


def _cards(references: Path, secret: bytes) -> set[str]:
    store = opened(references, secret)
    return set(store.load(SPACE).usable)


def test_everybody_is_still_enrolled_and_the_old_key_opens_nothing(enrolled: Path) -> None:
    assert _take_over(enrolled)
    assert _cards(enrolled, NEW) == {"0001", "0002"}
    assert not enrolled.with_name("master.key").exists()
    with pytest.raises(KeyUnusableError, match="another master key"):
        opened(enrolled, KEY)


def test_a_second_time_there_is_nothing_to_do(enrolled: Path) -> None:
    assert _take_over(enrolled)
    before = enrolled.read_bytes()
    assert not _take_over(enrolled)
    assert enrolled.read_bytes() == before


def test_the_same_key_moved_elsewhere_leaves_the_references_as_they_are(enrolled: Path) -> None:
    before = enrolled.read_bytes()
    assert _take_over(enrolled, KEY)
    assert enrolled.read_bytes() == before
    assert not enrolled.with_name("master.key").exists()


def test_a_stop_between_the_references_and_the_old_key_is_made_good(
    enrolled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(path: Path, length: int) -> None:
        raise StateError(f"power went before {path} ({length}) was removed")

    with monkeypatch.context() as cut:
        cut.setattr(takeover, "_destroy", stopped)
        with pytest.raises(StateError):
            _take_over(enrolled)
    assert enrolled.with_name("master.key").exists()
    assert _take_over(enrolled)
    assert _cards(enrolled, NEW) == {"0001", "0002"}
    assert not enrolled.with_name("master.key").exists()


def test_references_of_a_third_key_are_left_alone(enrolled: Path) -> None:
    enrolled.with_name("master.key").write_bytes(b"x" * 32)
    assert not _take_over(enrolled)
    assert _cards(enrolled, KEY) == {"0001", "0002"}
    assert enrolled.with_name("master.key").exists()


def test_a_reference_that_was_altered_is_refused_by_name_as_before(enrolled: Path) -> None:
    with closing(sqlite3.connect(enrolled)) as connection:
        connection.execute("UPDATE reference SET wrapped_key = zeroblob(60) WHERE card = '0001'")
        connection.commit()
    assert _take_over(enrolled)
    loaded = opened(enrolled, NEW).load(SPACE)
    assert set(loaded.usable) == {"0002"}
    assert set(loaded.unusable) == {"0001"}


def test_nothing_of_the_old_wrapping_is_left_on_the_disk(enrolled: Path) -> None:
    with closing(sqlite3.connect(enrolled)) as connection:
        wrapped = [row[0] for row in connection.execute("SELECT wrapped_key FROM reference")]
    assert _take_over(enrolled)
    for path in enrolled.parent.iterdir():
        content = path.read_bytes()
        assert KEY not in content
        assert not any(key in content for key in wrapped)
