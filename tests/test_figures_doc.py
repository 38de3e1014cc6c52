"""A measurement stands on one page: whoever measures again finds every place that shows it.

A figure is known by the test, benchmark or make target that measures it, in a table or a sentence.
Tables that stand on several pages are generated from one file (tests/test_headline.py).
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
PAGES = (CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md")))
MEASURES = re.compile(r"`(?:pytest )?(tests/[\w/]+\.py|make test-[\w-]+|python -m benchmarks\.\w+)")
FIGURE = re.compile(r"\d")


def _measured_on(pages: tuple[Path, ...]) -> dict[str, set[str]]:
    """Return the pages with a figure of each measurement: table rows that name it beside one."""
    found: dict[str, set[str]] = defaultdict(set)
    for page in pages:
        for line in page.read_text("utf-8").splitlines():
            if not line.startswith("|"):
                continue
            named = MEASURES.findall(line)
            # The first cell says what is promised; figures in it are limits.
            others = [cell for cell in line.strip("|").split("|")[1:] if not MEASURES.search(cell)]
            if any(FIGURE.search(cell) for cell in others):
                for each in named:
                    found[each].add(page.name)
    return found


def test_each_measurement_stands_on_one_page() -> None:
    found = _measured_on(PAGES)
    assert len(found) > 20
    assert {name: pages for name, pages in found.items() if len(pages) > 1} == {}


def test_a_second_page_with_a_figure_of_its_own_would_be_found(tmp_path: Path) -> None:
    row = "| what | `tests/camera/test_rtsp.py` | 1.38 s |\n"
    for name in ("one.md", "two.md"):
        (tmp_path / name).write_text(row)
    found = _measured_on((tmp_path / "one.md", tmp_path / "two.md"))
    assert found == {"tests/camera/test_rtsp.py": {"one.md", "two.md"}}
