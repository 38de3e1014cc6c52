"""Texts that a ` #` has probably cut short: to YAML, what follows is a comment."""

from __future__ import annotations

import re

from pydantic import ValidationError

from edgeverify.config.loading import LoadedConfig
from edgeverify.config.problems import KeyPath, Problem
from edgeverify.settings import Section

_CUT = re.compile(
    r"""^\s*(?:-\ +)*(?:[A-Za-z_]+\ *:\ +)?  # a dash, a key
    (?P<kept>[^\s"'\#\[{|>&*!%@`]            # a text without quotes
    (?:(?!\s+\#).)*)
    (?P<rest>\s+\#(?=[^\W_]).*)$""",
    re.VERBOSE,
)
"""A comment begins with `# `, or is drawn (`#----`); who writes `#2` may mean the number."""


def cut_short(config: LoadedConfig) -> tuple[Problem, ...]:
    """Return each text without quotes that would hold with what YAML takes for its comment, too.

    The text itself is not repeated: it may be an address with a password.
    """
    found = []
    for path in config.files:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        rows = re.split(r"\r\n?|\n", text)
        cut = {number: match for number, row in enumerate(rows, 1) if (match := _CUT.match(row))}
        if not cut:
            continue
        for key, (file, line) in config.lines.items():
            if file == path and line in cut and _would_hold(config, key, cut[line]):
                words = (
                    "what follows ` #` is a comment to YAML, and no part of this text. If it is "
                    "meant to be, put the whole text in quotes; if not, write a space after the #"
                )
                found.append(Problem(file, line, key, words))
    return tuple(found)


def _would_hold(config: LoadedConfig, key: KeyPath, cut: re.Match[str]) -> bool:
    """Return whether the value at `key` is this text, and might as well have been the longer."""
    value: object = config.settings
    owner: Section = config.settings
    name = ""
    items: list[object] = []
    for part in key:
        if isinstance(value, Section) and part in type(value).model_fields:
            owner, name, items = value, str(part), []
            value = getattr(owner, name)
        elif isinstance(value, tuple) and isinstance(part, int) and part < len(value):
            items = [*value]
            value = items[part]
        else:
            return False
    if not isinstance(value, str) or value != cut["kept"]:
        return False
    longer = value + cut["rest"]
    given = [longer if item == value else item for item in items] if items else longer
    try:
        type(owner).model_validate({name: given})
    except ValidationError as failure:
        return all(error["loc"][:1] != (name,) for error in failure.errors())
    return True
