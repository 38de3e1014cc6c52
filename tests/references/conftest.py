"""A store on disk, and nothing that a test left open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.references import ReferenceStore
from tests.references.stored import OPENED, opened


@pytest.fixture(autouse=True)
def _closed_in_the_end() -> Iterator[None]:
    """Python 3.13 warns of a database that nobody closed."""
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture
def store(tmp_path: Path) -> ReferenceStore:
    return opened(tmp_path / "references.sqlite")
