"""The page on languages lists every code that a prompt can have, as the prompt's schema says."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.domain import Asked

PAGE = Path(__file__).resolve().parents[2] / "docs/languages.md"


@pytest.mark.parametrize("asked", Asked, ids=lambda asked: asked.code)
def test_it_is_listed_with_its_text(asked: Asked) -> None:
    assert f"| `{asked.code}` | {asked.value} |" in PAGE.read_text(encoding="utf-8")
