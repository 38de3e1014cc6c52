"""A small bundle that is whole and right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtime.tiny import point, write_tiny


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_tiny(tmp_path / "tiny", (point(1e-4, 0.5),))
    return tmp_path / "tiny"
