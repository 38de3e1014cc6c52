"""The page on quality names every gate that a frame can be refused by, and its limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.domain import Gate
from edgeverify.settings import QualitySettings

PAGE = Path(__file__).resolve().parents[2] / "docs/quality.md"


@pytest.mark.parametrize("name", [*(gate.value for gate in Gate), *QualitySettings.model_fields])
def test_it_is_explained(name: str) -> None:
    table = PAGE.read_text(encoding="utf-8").partition("The figures below")[0]
    assert f"`{name}`" in table
