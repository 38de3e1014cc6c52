"""Every page names tests that exist, and docs/field.md one for each row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/field.md"
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "tests/README.md"]
    if page.name != "CHANGELOG.md"  # which says what was there
)
OF_A_PAGE = re.compile(r"`(?:tests/)?([\w/]+\.py)?::(test_\w+)`|`tests/([\w/]+\.py)`")
"""A test without a file is of the file named before it."""


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    before = ""
    for file, name, whole in OF_A_PAGE.findall(page.read_text(encoding="utf-8")):
        before = file or whole or before
        text = (ROOT / "tests" / before).read_text(encoding="utf-8")
        assert not name or f"def {name}(" in text, f"{before} has no {name}"


def test_pages_do_name_tests() -> None:
    named = [OF_A_PAGE.findall(page.read_text(encoding="utf-8")) for page in PAGES]
    assert sum(map(len, named)) > 150
