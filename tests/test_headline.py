"""Every page that shows the headline figures shows those that the release ships."""

from __future__ import annotations

import pytest

from benchmarks.headline import PAGES, ROOT, table, with_table


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_what_was_measured(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert with_table(text, table()) == text


def test_a_page_without_its_place_is_told() -> None:
    with pytest.raises(ValueError, match="the page has no"):
        with_table("no table here", table())
