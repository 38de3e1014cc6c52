"""No page points at a file that is not there, and every page can be found from the index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_there_are_pages_with_links() -> None:
    assert len(PAGES) > 15
    assert any(LINK.search(page.read_text(encoding="utf-8")) for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    inside = [target for target in targets if "://" not in target]
    assert [target for target in inside if not (page.parent / target).exists()] == []


ANCHOR = re.compile(r"\]\(([^)#\s]*)#([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    plain = (re.sub(r"\]\([^)]*\)", "", heading).lower() for heading in HEADING.findall(text))
    return {re.sub(r"[^\w -]", "", heading).strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_into_a_page_finds_its_heading(page: Path) -> None:
    found = ANCHOR.findall(page.read_text(encoding="utf-8"))
    inside = [(target, anchor) for target, anchor in found if "://" not in target]
    lost = [
        f"{target}#{anchor}"
        for target, anchor in inside
        if anchor not in _anchors((page.parent / target) if target else page)
    ]
    assert lost == []


def test_headings_are_found_as_github_names_them(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# The door's `camera`: [why](x.md)\n```\n# no heading\n```\n")
    assert _anchors(page) == {"the-doors-camera-why"}


def _targets(page: Path) -> set[Path]:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    return {(page.parent / link).resolve() for link in links if "://" not in link}


def test_the_index_leads_to_every_page_and_every_decision() -> None:
    index = ROOT / "docs" / "README.md"
    reached, waiting = {index}, [index]
    while waiting:
        new = {page for page in _targets(waiting.pop()) if page.suffix == ".md"} - reached
        reached |= new
        waiting += new
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in reached] == []
    decisions = {page for page in PAGES if page.parent.name == "decisions"}
    assert decisions
    assert decisions <= _targets(index)


def test_the_readme_leads_to_the_index() -> None:
    assert ROOT / "docs" / "README.md" in _targets(ROOT / "README.md")
