"""Names in pictures, in whatever writing: a font that has the letters, or a word on the missing."""

from __future__ import annotations

import functools
import logging
import os
import unicodedata

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

_LOG = logging.getLogger(__name__)
_PACKAGE = "fonts-noto-cjk"
_BOX = "\N{WHITE SQUARE}"
_OF_AN_AXIS = r"\mathdefault"
"""In the labels that Matplotlib writes at an axis itself, which are formulas."""
_NOT_LETTERS = ("LastResort", "Last Resort")
"""Fonts that show a box for every letter."""


def give_glyphs(figure: Figure) -> str:
    """Put each text of a figure into a font with its letters; return those that none here has.

    Matplotlib's own font has no Japanese, Chinese or Korean. What is missing is logged, with the
    Debian package that brings it, and drawn as boxes. A `$` in a name is a `$`, and no formula.
    """
    missing = ""
    for text in figure.findobj(Text):
        if "$" in text.get_text() and _OF_AN_AXIS not in text.get_text():
            text.set_parse_math(False)
        shown = _without_controls(text.get_text())
        if shown != text.get_text():
            text.set_text(shown)
        lacking = "".join(sorted({one for one in text.get_text() if not _in_usual(one)}))
        if not lacking:
            continue
        fallback = font_with(lacking)
        if fallback is None:
            missing += lacking
            # Matplotlib would warn about each of them once more, in a developer's words.
            text.set_text(text.get_text().translate({ord(one): _BOX for one in lacking}))
        else:
            text.set_fontfamily([*text.get_fontfamily(), fallback])
    if missing:
        _LOG.warning(
            "No font here has %s: they are drawn as boxes. Install one, on Debian %s.",
            "".join(sorted(set(missing))),
            _PACKAGE,
        )
    return "".join(sorted(set(missing)))


@functools.cache
def font_with(letters: str) -> str | None:
    """Find an installed font family that has all of these letters, or None."""
    wanted = {ord(letter) for letter in letters}
    for entry in font_manager.fontManager.ttflist:
        # A text, not a Path: thousands of fonts are gone through.
        if any(word in entry.name for word in _NOT_LETTERS) or not os.path.isfile(entry.fname):  # noqa: PTH113
            continue
        if wanted <= _letters_of(entry.fname):
            return entry.name
    return None


def _without_controls(words: str) -> str:
    """Return the words with a space for each other kind of space, a box for what no font has."""
    return "".join(
        one if one == "\n" else " " if one.isspace() else _BOX if _is_control(one) else one
        for one in words
    )


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cs"}


def _in_usual(letter: str) -> bool:
    return letter == "\n" or ord(letter) in _usual()


@functools.cache
def _usual() -> frozenset[int]:
    return _letters_of(font_manager.findfont("DejaVu Sans"))


@functools.cache
def _letters_of(file: str) -> frozenset[int]:
    try:
        return frozenset(FT2Font(file).get_charmap())
    except (RuntimeError, OSError):
        return frozenset()
