"""Numbers with nouns, as people write them; and no sentence of the product with "(s)" in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgeverify.how_many import how_many

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("count", "words", "said"),
    [
        (0, ("card",), "0 cards"),
        (1, ("card",), "1 card"),
        (1204, ("card",), "1,204 cards"),
        (1, ("person", "people"), "1 person"),
        (2, ("pair of people carries", "pairs of people carry"), "2 pairs of people carry"),
    ],
)
def test_one_is_one_and_many_are_many(count: int, words: tuple[str, ...], said: str) -> None:
    assert how_many(count, *words) == said


def test_nobody_reads_a_plural_in_brackets() -> None:
    # http(s) is two kinds of address, and "camera(s)" stands in evidence that doors have kept.
    pattern = re.compile(r"(?<!http)(?<!camera)(?<![^a-z])\(s\)")
    found = [
        f"{path.relative_to(CHECKOUT)}:{number}"
        for folder in ("edgeverify", "export")
        for path in (CHECKOUT / folder).rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, "write how_many(count, word)"
