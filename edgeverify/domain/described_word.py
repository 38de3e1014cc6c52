"""A word for machines with the sentences for people beside it, and the table made of such words."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from typing_extensions import Self


class DescribedWord(str, Enum):
    """The value is the word: in the status, the metrics, the doctor.

    `meaning` explains it, `grants` says who can be let in meanwhile, and `advice` what to do, in
    whole sentences.
    """

    meaning: str
    grants: str
    advice: str

    def __new__(cls, row: str | tuple[str, str, str], advice: str = "") -> Self:
        """Make a member of (word, meaning, grants) and advice; the word alone finds it again."""
        columns = (row, "", "") if isinstance(row, str) else row
        made = str.__new__(cls, columns[0])
        made._value_, made.meaning, made.grants = columns
        made.advice = advice
        return made

    @property
    def keeps_everybody_out(self) -> bool:
        """Whether nobody is let in while it stands."""
        return self.grants == "no"

    def __str__(self) -> str:
        return str(self.value)

    # Equal to the word, so found by it: Enum's own hash would be another one.
    __hash__ = str.__hash__


def table(words: Iterable[DescribedWord]) -> str:
    """Return a Markdown table: a row per word."""
    rows = [f"| `{one.value}` | {one.meaning} | {one.grants} | {one.advice} |" for one in words]
    head = ("| name | what it means | grants | what to do |", "| --- | --- | --- | --- |")
    return "\n".join((*head, *rows, ""))
