"""References at rest are for their owner alone: sealed, untampered, and gone when removed."""

from __future__ import annotations

import sqlite3
from base64 import b64encode
from pathlib import Path

import pytest

from edgeverify.errors import KeyUnusableError, ReferenceUnusableError
from edgeverify.references import ReferenceStore
from tests.references.stored import KEY, NOW, SPACE, photo, reopened, tampered


def test_files_are_for_their_owner_alone(store: ReferenceStore) -> None:
    store.put("1", "Ada", (photo(1),), now=NOW)
    for file in store.path.parent.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file


def test_a_file_that_was_open_to_others_is_closed_to_them(store: ReferenceStore) -> None:
    store.path.chmod(0o644)
    assert reopened(store).path.stat().st_mode & 0o777 == 0o600


def bytes_of_all_files(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def test_no_embedding_lies_in_any_file_in_the_clear(store: ReferenceStore) -> None:
    ada = photo(1)
    store.put("1", "Ada", (ada,), now=NOW)
    raw = ada.embedding.values.tobytes()
    everything = bytes_of_all_files(store.path.parent)
    assert raw[:16] not in everything
    assert b64encode(raw)[:24] not in everything
    assert ada.digest.encode() not in everything


@pytest.mark.parametrize("gone_by", ["remove", "replace"])
def test_nothing_of_a_removed_reference_is_left_in_any_file(
    store: ReferenceStore, gone_by: str
) -> None:
    for number in range(20):  # so that pages are shared with others, and some overflow
        store.put(f"{number}", f"Person {number}", tuple(photo(n) for n in range(4)), now=NOW)
    store.put("ada", "Ada", (photo(100), photo(101)), now=NOW)
    row = raw_row(store.path, "ada")
    secrets = [row["wrapped_key"], *pieces(row["payload"])]
    present = bytes_of_all_files(store.path.parent)
    assert all(secret in present for secret in secrets), "the search itself must work"

    if gone_by == "remove":
        assert store.remove("ada")
    else:
        store.put("ada", "Ada", (photo(102),), now=NOW)

    left = bytes_of_all_files(store.path.parent)
    assert not any(secret in left for secret in secrets)
    store.close()
    left = bytes_of_all_files(store.path.parent)
    assert not any(secret in left for secret in secrets)


def raw_row(path: Path, card: str) -> sqlite3.Row:
    connection = sqlite3.connect(path)
    try:
        connection.row_factory = sqlite3.Row
        row = connection.execute("SELECT * FROM reference WHERE card = ?", (card,)).fetchone()
        assert isinstance(row, sqlite3.Row)
        return row
    finally:
        connection.close()


def pieces(payload: bytes) -> list[bytes]:
    """Parts of the ciphertext that no page border can split all of."""
    return [payload[start : start + 64] for start in range(0, 512, 64)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reference SET card = '2'",
        "UPDATE reference SET embedding_space = 'another'",
        "UPDATE reference SET payload = substr(payload, 1, 20) || x'00' || substr(payload, 22)",
        "UPDATE reference SET payload = CAST(payload AS BLOB) || x'00'",
        "UPDATE reference SET payload = x''",
        "UPDATE reference SET wrapped_key = zeroblob(60)",
        "UPDATE reference SET wrapped_key = x'00'",
    ],
)
def test_a_reference_that_was_altered_or_moved_to_another_card_does_not_open(
    store: ReferenceStore, statement: str
) -> None:
    store.put("1", "Ada", (photo(1),), now=NOW)
    store = tampered(store, statement)
    (summary,) = store.list()
    with pytest.raises(ReferenceUnusableError, match="altered, or sealed under another key"):
        store.get(summary.card)
    assert set(store.load(summary.embedding_space).unusable) == {summary.card}


def test_two_cards_cannot_swap_their_sealed_references(store: ReferenceStore) -> None:
    store.put("1", "Ada", (photo(1),), now=NOW)
    store.put("2", "Bob", (photo(2),), now=NOW)
    store = tampered(store, "UPDATE reference SET card = 'x' WHERE card = '1'")
    store = tampered(store, "UPDATE reference SET card = '1' WHERE card = '2'")
    swapped = tampered(store, "UPDATE reference SET card = '2' WHERE card = 'x'")
    assert swapped.load(SPACE).usable == {}


def test_another_master_key_is_refused_before_anything_is_read(store: ReferenceStore) -> None:
    store.put("1", "Ada", (photo(1),), now=NOW)
    with pytest.raises(KeyUnusableError, match="written under another master key"):
        reopened(store, bytes(32))


def test_who_is_removed_is_not_left_in_what_was_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "references.sqlite"
    with ReferenceStore(path, KEY, now=NOW) as store:
        store.put("1", "Ada", (photo(1),), now=NOW)
    with path.open("r+b") as file:
        file.write(b"damaged!")
    with ReferenceStore(path, KEY, now=NOW) as store:
        assert store.moved_aside is not None
        store.put("1", "Ada", (photo(1),), now=NOW)
        store.put("2", "Bob", (photo(2),), now=NOW)
        assert store.remove("1")
        assert store.moved_aside is None
        assert not list(tmp_path.glob("*damaged*"))
