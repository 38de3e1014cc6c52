"""The page on how a door decides names every reason that a decision can have."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.domain import Reason

PAGE = Path(__file__).resolve().parents[2] / "docs/decision.md"


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.value)
def test_every_reason_is_explained(reason: Reason) -> None:
    assert f"`{reason.value}`" in PAGE.read_text(encoding="utf-8")
