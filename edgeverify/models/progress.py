"""How long work tells how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told what is being done and how far it is."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """`done` of `total` bytes of `what`."""


def silent(what: str, done: int, total: int) -> None:
    """Show nothing."""
    del what, done, total
