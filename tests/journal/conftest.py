"""A journal, its place, and the keys that sign."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.journal import Journal
from edgeverify.keys import SigningKeys
from tests.doors import NOON, door_keys


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return door_keys(tmp_path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    opened = Journal.open(path, now=NOON)
    assert opened.notices == ()
    yield opened.journal
    opened.journal.close()
