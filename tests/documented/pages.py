"""What a page tells its reader to type: its blocks of commands, and what they are to do.

A fence of `sh` or `console` is a block. HTML comments right above it say what a reader sees from
the text: `shows: REGEX` (what the last command prints), `exits: 0, 1` (how its commands may end; 0
alone without it), `stays: REGEX` (it goes on; so much it prints first), `file: PATH` (a fence of
`yaml` that is that file) and `not run: REASON`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(
    r"(?P<marks>(?:^[ ]*<!-- [^\n]* -->\n)*)"
    r"^(?P<indent>[ ]*)```(?P<language>\w+)\n(?P<text>.*?)^[ ]*```$",
    re.DOTALL | re.MULTILINE,
)
MARK = re.compile(r"<!-- (shows|exits|stays|file|not run): (.*?) -->")
COMMANDS = {"sh", "console"}
HEREDOC = re.compile(r"<<'(\w+)'")


@dataclass(frozen=True, kw_only=True)
class Block:
    """One fence: what is typed there, and what must come of it."""

    page: str
    line: int
    commands: tuple[str, ...]
    shows: str = ""
    stays: str = ""
    not_run: str = ""
    file: str = ""
    exits: frozenset[int] = field(default=frozenset({0}))

    @property
    def name(self) -> str:
        """Where it stands."""
        return f"{self.page}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    """Return a page's blocks, in its order."""
    text = page.read_text("utf-8")
    found = []
    for fence in FENCE.finditer(text):
        marks = dict(MARK.findall(fence["marks"]))
        if fence["language"] not in COMMANDS and "file" not in marks:
            continue
        body = re.sub(rf"^{fence['indent']}", "", fence["text"], flags=re.MULTILINE)
        is_file = "file" in marks
        found.append(
            Block(
                page=page.name,
                line=text.count("\n", 0, fence.start("language")) + 1,
                commands=(body,) if is_file else _commands(body, fence["language"]),
                shows=marks.get("shows", ""),
                stays=marks.get("stays", ""),
                not_run=marks.get("not run", ""),
                file=marks.get("file", ""),
                exits=frozenset(int(code) for code in marks.get("exits", "0").split(",")),
            )
        )
    return found


def _commands(body: str, language: str) -> tuple[str, ...]:
    """Cut a block into commands: a `$ ` begins one in `console`, a line does in `sh`."""
    if language == "console":
        parts = re.split(r"^\$ ", body, flags=re.MULTILINE)
        assert not parts[0].strip(), f"before the first `$ `: {parts[0]!r}"
        return tuple(part.rstrip("\n") for part in parts[1:])
    commands: list[str] = []
    end = ""
    for line in body.splitlines():
        goes_on = bool(commands) and (bool(end) or commands[-1].endswith("\\"))
        if goes_on:
            commands[-1] += f"\n{line}"
        elif line.strip():
            commands.append(line)
        if end:
            end = "" if line == end else end
        elif opened := HEREDOC.search(line):
            end = opened[1]
    return tuple(commands)
