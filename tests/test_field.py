"""docs/field.md names tests that exist, and a test for each row."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/field.md"
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def _rows() -> list[str]:
    """Return the tables' rows: without each table's head, which stands above its line of dashes."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    heads = {at - 1 for at, line in enumerate(lines) if line.startswith("| ---")}
    return [line for at, line in enumerate(lines) if line.startswith("| ") and at not in heads]


def test_every_row_has_a_test_and_every_test_exists() -> None:
    rows = [row for row in _rows() if not row.startswith("| ---")]
    assert len(rows) > 20
    for row in rows:
        named = NAMED.findall(row)
        assert named, f"no test holds this: {row}"
        for file, name in named:
            text = (ROOT / "tests" / file).read_text(encoding="utf-8")
            assert f"def {name}(" in text, f"{file} has no {name}"
