"""References at rest: what comes back, what does not, and that nothing of the removed is left."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeverify.domain import Embedding
from edgeverify.errors import StateError
from edgeverify.references import PhotoEmbedding, ReferenceStore, sealing
from edgeverify.references import store as store_module
from edgeverify.references.database import VERSION, DiskTroubleError, summaries
from edgeverify.references.sealing import Sealer
from tests.references.stored import KEY, NOW, OTHER_SPACE, SPACE, opened, photo, reopened, tampered


def test_what_was_put_comes_back_after_a_restart(store: ReferenceStore) -> None:
    ada = (photo(1), photo(2, "ada-glasses.jpg"))
    store.put("0012345", "Ada Lovelace", ada, now=NOW)
    found = reopened(store).get("0012345")
    assert found is not None
    assert (found.summary.name, found.summary.photo_count) == ("Ada Lovelace", 2)
    assert [one.photo for one in found.photos] == ["ada.jpg", "ada-glasses.jpg"]
    for before, after in zip(ada, found.photos, strict=True):
        assert np.array_equal(before.embedding.values, after.embedding.values)


def test_several_photos_are_fused_when_loaded(store: ReferenceStore) -> None:
    one, two = photo(1), photo(2)
    store.put("1", "Ada", (one, two), now=NOW)
    reference = store.load(SPACE).usable["1"]
    total = one.embedding.values + two.embedding.values
    assert np.allclose(reference.embedding.values, total / np.linalg.norm(total), atol=1e-6)
    assert reference.photo_count == 2


def test_one_photo_is_taken_as_it_is_even_where_a_model_does_not_normalise(
    store: ReferenceStore,
) -> None:
    long = Embedding(values=np.full(8, 5.0, dtype=np.float32), embedding_space=SPACE)
    store.put("1", "Ada", (PhotoEmbedding(photo="a", digest="d", embedding=long),), now=NOW)
    assert np.array_equal(store.load(SPACE).usable["1"].embedding.values, long.values)


def test_which_photos_were_of_the_doors_camera_is_kept_and_counted(store: ReferenceStore) -> None:
    shot = replace(photo(2, "door.png"), is_of_camera=True)
    store.put("1", "Ada", (photo(1), shot), now=NOW)
    stored = store.get("1")
    assert stored is not None
    assert [one.is_of_camera for one in stored.photos] == [False, True]
    loaded = store.load(SPACE).usable["1"]
    assert (loaded.photo_count, loaded.camera_photo_count) == (2, 1)


def test_a_reference_is_small_where_every_photo_of_it_is(store: ReferenceStore) -> None:
    small = replace(photo(2, "card.png"), is_small=True)
    store.put("1", "Ada", (small,), now=NOW)
    assert store.load(SPACE).usable["1"].is_small
    store.put("1", "Ada", (photo(1), small), now=NOW)
    assert not store.load(SPACE).usable["1"].is_small


def test_a_reference_without_such_a_photo_is_sealed_as_it_always_was() -> None:
    plain = sealing._encode((photo(1),))
    assert b"is_of_camera" not in plain
    assert b"is_small" not in plain
    assert not sealing._decode(plain, SPACE)[0].is_of_camera


def test_a_reference_of_another_model_is_refused_by_name(store: ReferenceStore) -> None:
    store.put("1", "Ada", (photo(1, space=OTHER_SPACE),), now=NOW)
    store.put("2", "Bob", (photo(2),), now=NOW)
    loaded = store.load(SPACE)
    assert set(loaded.usable) == {"2"}
    assert loaded.unusable["1"].name == "Ada"
    assert loaded.unusable["1"].problem == ("the reference of card 1 was made with another model")


@pytest.mark.parametrize("photos", [(), (photo(1), photo(2, space=OTHER_SPACE))])
def test_a_reference_is_of_one_model(
    store: ReferenceStore, photos: tuple[PhotoEmbedding, ...]
) -> None:
    with pytest.raises(ValueError, match="embedded by one model"):
        store.put("1", "Ada", photos, now=NOW)


def test_removing_nobody_says_so(store: ReferenceStore) -> None:
    assert not store.remove("nobody")


def test_a_newer_release_s_database_is_refused_by_name(store: ReferenceStore) -> None:
    with pytest.raises(
        StateError, match=rf"has schema {VERSION + 1}, and this release knows {VERSION} at most"
    ):
        tampered(store, f"PRAGMA user_version = {VERSION + 1}")


@pytest.mark.parametrize("damage", [b"this is not a database" * 500, b"\xff" * 8192])
def test_a_damaged_database_is_moved_aside_and_said(store: ReferenceStore, damage: bytes) -> None:
    store.put("1", "Ada", (photo(1),), now=NOW)
    store.close()
    store.path.write_bytes(damage)
    fresh = opened(store.path)
    assert fresh.list() == ()
    assert fresh.moved_aside is not None
    assert fresh.moved_aside.read_bytes() == damage


def test_who_only_looks_moves_nothing(store: ReferenceStore) -> None:
    store.close()
    store.path.write_bytes(b"this is not a database" * 500)
    with pytest.raises(StateError, match="are damaged"):
        ReferenceStore(store.path, KEY, now=NOW, may_repair=False)


def test_a_full_disk_is_an_error_for_people_and_costs_nothing_kept_before(
    store: ReferenceStore,
) -> None:
    store.put("1", "Ada", (photo(1),), now=NOW)
    store._connection.execute("PRAGMA max_page_count = 1")  # SQLite's own "the disk is full"
    with pytest.raises(StateError, match="cannot be changed: database or disk is full"):
        store.put("2", "Bob", tuple(photo(number) for number in range(50)), now=NOW)
    assert set(store.load(SPACE).usable) == {"1"}


def test_a_new_name_keeps_the_reference(store: ReferenceStore) -> None:
    store.put("1", "Ada", (photo(1),), now=NOW)
    store.rename("1", "Ada King")
    assert store.load(SPACE).usable["1"].name == "Ada King"


def test_on_a_bad_disk_it_stands_in_memory_until_the_disk_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The door starts all the same, and enrols its people from their photos once more."""
    path = tmp_path / "references.sqlite"
    with ReferenceStore(path, KEY, now=NOW) as before:
        before.put("1", "Ada", (photo(1),), now=NOW)
    well = store_module.open_database

    def full(where: Path, _sealer: Sealer) -> sqlite3.Connection:
        raise DiskTroubleError(f"the references in {where} cannot be opened: disk is full")

    monkeypatch.setattr(store_module, "open_database", full)
    with pytest.raises(StateError, match="full"):
        ReferenceStore(path, KEY, now=NOW)
    store = ReferenceStore(path, KEY, now=NOW, may_wait=True)
    assert "disk is full" in store.problem
    assert store.list() == ()
    store.put("2", "Bob", (photo(2),), now=NOW)
    assert set(store.load(SPACE).usable) == {"2"}
    assert not store.return_to_disk(NOW)
    assert set(store.load(SPACE).usable) == {"2"}
    monkeypatch.setattr(store_module, "open_database", well)
    assert store.return_to_disk(NOW)
    assert store.problem == ""
    assert set(store.load(SPACE).usable) == {"1"}, "what the disk holds counts"
    store.put("2", "Bob", (photo(2),), now=NOW)
    store.close()
    with ReferenceStore(path, KEY, now=NOW) as after:
        assert [one.card for one in after.list()] == ["1", "2"]


def test_a_disk_that_comes_back_damaged_is_moved_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "references.sqlite"
    well = store_module.open_database

    def failing(where: Path, _sealer: Sealer) -> sqlite3.Connection:
        raise DiskTroubleError(f"{where}: Input/output error")

    monkeypatch.setattr(store_module, "open_database", failing)
    store = ReferenceStore(path, KEY, now=NOW, may_wait=True)
    monkeypatch.setattr(store_module, "open_database", well)
    path.write_bytes(b"no database" * 1000)
    assert store.return_to_disk(NOW)
    assert store.moved_aside is not None
    assert store.list() == ()
    store.close()


def test_a_file_that_is_replaced_under_a_running_door_is_noticed_and_opened(
    store: ReferenceStore,
) -> None:
    """Whoever is removed from a deleted file would be in the one that was put in its place."""
    store.put("1", "Ada", (photo(1),), now=NOW)
    older = store.path.with_name("older")
    older.write_bytes(store.path.read_bytes())
    older.replace(store.path)
    with pytest.raises(StateError, match="replaced while the door ran"):
        store.remove("1")
    assert store.problem
    assert store.return_to_disk(NOW)
    assert not store.problem
    assert store.remove("1")
    assert reopened(store).list() == ()


@pytest.mark.parametrize("content", ["an older copy", "no database", "nothing"])
def test_a_file_that_is_overwritten_under_a_running_door_is_noticed_and_opened(
    store: ReferenceStore, content: str
) -> None:
    """The name leads to the same file, and SQLite would mix what it knew with what is there now."""
    store.put("1", "Ada", (photo(1),), now=NOW)
    older = store.path.read_bytes()
    store.put("2", "Bob", (photo(2),), now=NOW)
    store.look()
    assert not store.problem, "what the store wrote itself is no news"
    written = {"an older copy": older, "no database": b"no database" * 1000, "nothing": b""}
    with store.path.open("r+b") as file:
        file.truncate()
        file.write(written[content])
    with pytest.raises(StateError, match="wrote into it while the door ran"):
        store.put("3", "Eve", (photo(3),), now=NOW)
    assert store.return_to_disk(NOW)
    assert not store.problem
    assert store.changed, "that it happened is still known"
    assert (store.moved_aside is not None) == (content == "no database")
    store.put("3", "Eve", (photo(3),), now=NOW)
    found = [one.card for one in reopened(store).list()]
    assert found == (["1", "3"] if content == "an older copy" else ["3"])


def test_who_reads_copies_or_checkpoints_the_references_changes_nothing(
    store: ReferenceStore,
) -> None:
    for number in range(1, 60):
        store.put(str(number), "Ada", (photo(number),), now=NOW)
        assert len(summaries(store.path)) == number
        store.path.with_name("copy").write_bytes(store.path.read_bytes())
        with closing(sqlite3.connect(store.path)) as other:
            assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        store.look()
        assert not store.problem
