"""Plain scalars by the core schema of YAML 1.2.2 (chapter 10.3.2): words, numbers, else text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

LONGEST_NUMBER = 64
"""Characters; longer digits are text, since nobody means a number by them."""

_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], int | float]], ...] = (
    (re.compile(r"^[-+]?[0-9]+$"), int),
    (re.compile(r"^(0o[0-7]+|0x[0-9a-fA-F]+)$"), lambda text: int(text, 0)),
    (re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"), float),
    (
        re.compile(r"^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$"),
        lambda text: float(text.replace(".", "", 1)),
    ),
)


def resolve(text: str) -> object:
    """Read a plain scalar by the YAML 1.2 core schema; what is nothing else is text."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= LONGEST_NUMBER:
        for form, number in _NUMBERS:
            if form.match(text):
                return number(text)
    return text
