"""A number with its noun, as people write it: 1 card, 1,204 cards (pure)."""

from __future__ import annotations


def how_many(count: int, one: str, many: str = "") -> str:
    """Return the number and what is counted; `many` where an s at the end of `one` will not do."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
