"""An owner's key pair: both halves or none, the private one for nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from edgeverify_export.owner_key import make_key_pair, read_private_key, read_public_key

from edgeverify.errors import KeyUnusableError


def test_a_pair_is_written_and_fits(tmp_path: Path) -> None:
    private, public = tmp_path / "owner", tmp_path / "owner.pub"
    make_key_pair(private, public)
    assert private.stat().st_mode & 0o777 == 0o600
    assert public.stat().st_mode & 0o777 == 0o644
    assert read_private_key(private).public_key() == read_public_key(public)


@pytest.mark.parametrize("taken", ["owner", "owner.pub"])
def test_what_is_there_is_never_overwritten(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("mine")
    with pytest.raises(KeyUnusableError, match="exists"):
        make_key_pair(tmp_path / "owner", tmp_path / "owner.pub")
    assert (tmp_path / taken).read_text() == "mine"
    assert [entry.name for entry in tmp_path.iterdir()] == [taken]


def test_half_a_pair_is_none(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusableError, match="cannot write"):
        make_key_pair(tmp_path / "owner", tmp_path / "nowhere" / "owner.pub")
    assert list(tmp_path.iterdir()) == []
