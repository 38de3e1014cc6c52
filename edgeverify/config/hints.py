"""What a file that is no YAML was probably meant to say: advice by how its lines look.

A parser names what it had expected next, which helps nobody who writes a list of people. It also
names the line where it gave up, often the one after the mistake.
"""

from __future__ import annotations

import re

_ODD_SPACE = re.compile("[\u00a0\u2000-\u200b\u202f\u3000]")
_PLAIN = r"""^\s*(?:- +)?(?:[^\s"'#{\[:]+): +"""
"""A key and a colon, and perhaps the dash before them."""
_KINDS: tuple[tuple[str, str], ...] = (
    (r"^(<{7}|={7}$|>{7})", "Two versions were put together here: keep one, delete the marks."),
    (r"^ *\t|\t *[^\s#]", "Use spaces instead of the tab key."),
    (r"^\s*(//|/\*|;)", "A comment begins with #."),
    (
        r"^\s*[\u2022\u2013\u2014\u00b7*] *\w",
        "Begin an entry of a list with a plain dash and a space.",
    ),
    (r"\uff1a", "Write a plain colon (:) and a space after the key."),
    (r"^\s*-[^\s-]", "Write a space after the dash."),
    (r"""["][A-Za-z]:\\|["][^"]*\\[^"]*["]""", "Write / instead of \\\\ in a path."),
    (_PLAIN + r"[@%`&!|>]", "Put the text after the colon in quotes."),
    (_PLAIN + r"'[^']*'[^\s,#'][^']*'", "Put a text with an apostrophe in double quotes."),
    (r"^\s*(- +)?[A-Za-z_]+:[^\s\\/]", "Write a space after the colon."),
    (
        r"^\s*(- +)?[A-Za-z_]+: .*[\w\"'\]],?\s+[A-Za-z_]+: ?|^\s*(- +)?[A-Za-z_]+: - ",
        "Each key has a line of its own; a text with a colon in it stands in quotes.",
    ),
    (_PLAIN + r"[^\"'\[{][^\"']*: ", "Put a text with a colon in it in quotes."),
    (r"^\s*(- +)?[A-Za-z_]+\s+[^\s:=]+$", "Write a colon and a space after the key."),
    (r"^\s*(- +)?[A-Za-z_]+\s*=", "Write a colon and a space after the key, not `=`."),
)
_INDENT = "Begin the keys of one section in the same column."
_DOCUMENTS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a Word or Excel file, or a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an older Word or Excel file"),
    (b"{\\rtf", "a Word document (RTF)"),
    (b"%PDF", "a PDF document"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


def advice_on_lines(text: str, line: int, said: str) -> str:
    """Return a sentence for the line where a parser gave up, or the one before; empty for none.

    `said` is the parser's own word.
    """
    lines = re.split(r"\r\n?|\n", text)
    here = range(line, max(0, line - 3), -1)
    near = [n for n in here if 0 < n <= len(lines) and lines[n - 1].strip()][:2]
    for number in near:
        content = lines[number - 1]
        if odd := _ODD_SPACE.search(content):
            advice = f"It holds U+{ord(odd[0]):04X}, which looks like a space: type a plain one."
            return _of_line(number, line, advice)
        for looks, advice in _KINDS:
            if re.search(looks, content):
                return _of_line(number, line, advice)
    return _INDENT if said.startswith("expected <block end>") else ""


def _of_line(number: int, named: int, advice: str) -> str:
    return advice if number == named else f"Line {number}: {advice[0].lower()}{advice[1:]}"


def document_kind(content: bytes) -> str:
    """Return what a file is that is not text at all, in words; empty where it may be text."""
    for beginning, words in _DOCUMENTS:
        if content[:64].lstrip().lower().startswith(beginning.lower()):
            return words
    return ""
