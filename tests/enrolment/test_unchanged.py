"""Whose reference still stands, before anybody is enrolled anew."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeverify.domain import Embedding, Reference
from edgeverify.enrolment import unchanged
from edgeverify.enrolment.photo import digest_of
from edgeverify.references.loading import LoadedReferences
from edgeverify.settings import Settings, StaffEntry

ADA, BOB = b"the photo of Ada", b"the photo of Bob"


def _reference(card: str) -> Reference:
    values = np.ones(4, dtype=np.float32)
    embedding = Embedding(values=values, embedding_space=hashlib.sha256(b"").hexdigest())
    return Reference(card=card, name=card, embedding=embedding, photo_count=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ada.jpg").write_bytes(ADA)
    (tmp_path / "bob.jpg").write_bytes(BOB)
    return tmp_path


LOADED = LoadedReferences(
    usable={"ada": _reference("ada"), "bob": _reference("bob")},
    unusable={},
    photo_digests={"ada": frozenset({digest_of(ADA)}), "bob": frozenset({digest_of(BOB)})},
)


def _cards(folder: Path, *staff: tuple[str, str]) -> set[str]:
    entries = tuple(StaffEntry(card=card, name=card, photos=(photo,)) for card, photo in staff)
    return set(unchanged(Settings(staff=entries), folder, LOADED).usable)


def test_whoever_still_stands_there_with_the_same_photo_is_kept(folder: Path) -> None:
    assert _cards(folder, ("ada", "ada.jpg"), ("bob", "bob.jpg")) == {"ada", "bob"}


def test_whoever_left_the_config_is_out_at_once(folder: Path) -> None:
    assert _cards(folder, ("ada", "ada.jpg")) == {"ada"}


def test_a_card_that_was_given_to_somebody_else_waits_for_the_new_photo(folder: Path) -> None:
    assert _cards(folder, ("ada", "bob.jpg"), ("bob", "bob.jpg")) == {"bob"}


def test_a_photo_that_is_now_called_one_of_the_doors_camera_waits_to_be_enrolled(
    folder: Path,
) -> None:
    """Until then its reference would be held to the threshold of pictures from elsewhere."""
    entry = StaffEntry(card="ada", name="ada", photos=("ada.jpg",), camera_photos=("ada.jpg",))
    settings = Settings(staff=(entry,))
    assert not unchanged(settings, folder, LOADED).usable
    shot = replace(LOADED.usable["ada"], camera_photo_count=1)
    loaded = replace(LOADED, usable={"ada": shot})
    assert set(unchanged(settings, folder, loaded).usable) == {"ada"}


def test_a_replaced_photo_file_waits_to_be_enrolled(folder: Path) -> None:
    (folder / "ada.jpg").write_bytes(b"a newer photo")
    assert _cards(folder, ("ada", "ada.jpg")) == set()


def test_an_absent_photo_does_not_lock_its_owner_out(folder: Path) -> None:
    (folder / "ada.jpg").unlink()
    assert _cards(folder, ("ada", "ada.jpg")) == {"ada"}


def test_a_photo_that_cannot_be_read_counts_as_changed(folder: Path) -> None:
    (folder / "ada.jpg").unlink()
    (folder / "ada.jpg").mkdir()
    assert _cards(folder, ("ada", "ada.jpg")) == set()
