"""The headline figures, written into every page that shows them from one place.

    python -m benchmarks.headline            # writes the pages of `PAGES`
    python -m benchmarks.headline --check    # exit 1 where a page shows other figures

What is shown comes from the operating points that the release ships (`python -m
benchmarks.shipped_points`) and from its figures (`python -m benchmarks.accuracy_figures`), which
`edgeverify models list` shows too.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.figure_tables import (
    SHORT,
    camera_table,
    goals_table,
    groups_table,
    rates_table,
    table,
)

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- headline figures: python -m benchmarks.headline -->", "<!-- end -->"
CAMERA, GOALS_BEGIN, GROUPS_BEGIN, RATES_BEGIN = (
    f"<!-- {what}: python -m benchmarks.headline -->"
    for what in ("one camera", "goals", "groups", "rates")
)


def with_table(text: str, made: str, mark: str = BEGIN) -> str:
    """Put the table between the marks of a page; ValueError where it has none."""
    before, begin, rest = text.partition(mark)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {mark} ... {END}")
    return f"{before}{mark}\n\n{made}\n\n{END}{after}"


PAGES = {
    "docs/accuracy.md": {BEGIN: table, GOALS_BEGIN: goals_table, GROUPS_BEGIN: groups_table},
    "docs/model-card.md": {BEGIN: table, CAMERA: camera_table},
    "docs/models.md": {RATES_BEGIN: rates_table},
    "README.md": {BEGIN: lambda: table(SHORT)},
}
"""What every page shows, by the mark that it stands behind."""


def shown(page: str, text: str) -> str:
    """Put every table of a page into its text; ValueError where it has no place for one."""
    for mark, made in PAGES[page].items():
        text = with_table(text, made(), mark)
    return text


def write_pages(*, is_check: bool = False) -> list[str]:
    """Write the table into every page; return those that showed another."""
    differ = []
    for name in PAGES:
        before = (ROOT / name).read_text("utf-8")
        after = shown(name, before)
        if after != before:
            differ.append(name)
            if not is_check:
                (ROOT / name).write_text(after, "utf-8")
    return differ


def main() -> int:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    differ = write_pages(is_check=arguments.check)
    sys.stdout.write(
        f"{', '.join(differ) or 'nothing'} {'differs' if arguments.check else 'written'}\n"
    )
    return int(arguments.check and bool(differ))


if __name__ == "__main__":
    raise SystemExit(main())
