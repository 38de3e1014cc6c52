"""What is wrong with a config: one `Problem` per mistake, all of them in one error."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from edgeverify.errors import ConfigError

KeyPath: TypeAlias = tuple[str | int, ...]
"""Where a value stands: ("staff", 0, "card")."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `line` counts from 1; 0 where the whole file is meant."""

    file: Path
    line: int
    key: KeyPath
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        # A sentence that begins with the key has named it: "decision.max_fmr 1e-9 is stricter".
        is_named = self.key in keys_named(self.text)
        key, text = (_ADDRESS.sub(_SCHEME_ALONE, part) for part in (spell(self.key), self.text))
        return f"{place}: {text}" if is_named else f"{place}: {key}: {text}"


_ADDRESS = re.compile(r"""(?<![A-Za-z0-9])([A-Za-z][A-Za-z0-9+.-]*://)(?=[^\s"',]*\w)[^\s"',]+""")
"""A password may stand anywhere in one, and under any key: `camera: rtsp://...`."""
_SCHEME_ALONE = r"\1..."

_FIRST_KEY = re.compile(r"[a-z_]+(\.[a-z_]+)+(?=[ :])")
"""A path of two keys or more; one alone could be any word."""

MOST_TOLD = 50
"""Mistakes in one message: forty thousand people without quotes would make sixteen megabytes."""


class ConfigProblemsError(ConfigError):
    """A config that cannot be used; `problems` has at least one entry, in the file's order.

    `whose` is what the file is, where it is another: "the recipe".
    """

    def __init__(self, problems: Sequence[Problem], whose: str = "the config") -> None:
        ordered = tuple(sorted(set(problems), key=lambda p: (str(p.file), p.line, str(p.key))))
        self.problems = ordered
        if len(ordered) == 1:
            super().__init__(str(ordered[0]))
        else:
            told = [f"  {problem}" for problem in ordered[:MOST_TOLD]]
            if len(ordered) > MOST_TOLD:
                told.append(f"  and {len(ordered) - MOST_TOLD:,} more")
            super().__init__(f"{whose} has {len(ordered):,} mistakes:\n" + "\n".join(told))


def fatal(path: Path, line: int, text: str, key: KeyPath = ()) -> ConfigProblemsError:
    """Make the error of a mistake that keeps the rest of the file from being read."""
    return ConfigProblemsError([Problem(path, line, key, text)])


def keys_named(text: str) -> tuple[KeyPath, ...]:
    """Return the key that a sentence begins with, and every section above it; the longest first.

    The sentences of other parts of the program name their key, since nobody puts a place before
    them: `decision.max_fmr 1e-9 is stricter than ...`. The last, (), is the whole file.
    """
    parts = _FIRST_KEY.match(text)
    named: KeyPath = tuple(parts[0].split(".")) if parts else ()
    return tuple(named[:length] for length in range(len(named), -1, -1))


def spell(key: KeyPath) -> str:
    """Write a key the way people say it: staff[2].hours.windows."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
