"""What pages and messages tell people to type, held against the program itself, without a machine.

A command line is parsed by the command's own parser and not run. A fragment of a config is read as
`check-config` reads it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import PurePosixPath
from typing import Any

from edgeverify_export.cli import app as export_app
from edgeverify_train.cli import app as train_app
from typer.main import get_command

from edgeverify.cli.main import app as door_app
from edgeverify.lock.main import _parser as lock_parser

CLICKED: dict[str, Any] = {
    "edgeverify": get_command(door_app),
    "edgeverify-export": get_command(export_app),
    "edgeverify-train": get_command(train_app),
}
LOCK = "edgeverify-lock"
PROGRAMS = {*CLICKED, LOCK}
ENDS = frozenset("|&;()<>")
BODY = re.compile(r"<<'?(\w+)'?.*?^\1$", re.DOTALL | re.MULTILINE)
COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)
PLACEHOLDER = re.compile(r"[A-Z][A-Z_]*")
"""What a reader replaces: `--hours N`, `person report CARD`."""


def typed(script: str) -> Iterator[tuple[str, ...]]:
    """Return each command line of the project's programs that a script holds."""
    plain = COMMENT.sub("", BODY.sub("", script)).replace("\\\n", " ")
    words = shlex.shlex(plain, posix=True, punctuation_chars="|&;()<>\n")
    words.commenters = ""
    words.whitespace = " \t"
    words.whitespace_split = True
    line: list[str] = []
    for word in [*words, "\n"]:
        if word and set(word) <= ENDS | {"\n"}:
            yield from _ours(line)
            line = [] if ">" not in word and "<" not in word else ["a redirection's file"]
        else:
            line.append(word)


def _ours(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Return the part of a command line that is ours; `sudo` and what it is given go before it."""
    if words and words[0] != "a redirection's file":
        for number, word in enumerate(words):
            if PurePosixPath(word).name in PROGRAMS and all(
                one == "sudo" or "=" in one or one.startswith("-") for one in words[:number]
            ):
                yield (PurePosixPath(word).name, *words[number + 1 :])
                return


def refusal(words: Sequence[str], *, is_whole: bool) -> str:
    """Return why the program would not take a command line; "" where it would.

    One that is not `is_whole` stands in a sentence: what it leaves out is the reader's to add.
    """
    program, *rest = (word for word in words if word not in {"...", "…"})
    if program == LOCK:
        return _refusal_of_lock(rest, is_whole=is_whole)
    command, context = CLICKED[program], None
    while hasattr(command, "commands"):
        context = command.make_context(program, [], parent=context, resilient_parsing=True)
        name, *rest = rest or [""]
        if name not in command.commands:
            is_taken = name in {"--help", "--version"} or PLACEHOLDER.fullmatch(name)
            is_taken = is_taken or not (name or is_whole)
            return "" if is_taken else f"no command {name!r}"
        command = command.commands[name]
    try:
        with redirect_stdout(StringIO()):
            command.make_context(program, list(rest), parent=context)
    except Exception as error:  # noqa: BLE001 - its parser's own kinds, which typer does not export
        return _kept(error, rest, is_whole=is_whole)
    return ""


def _kept(error: Exception, rest: Sequence[str], *, is_whole: bool) -> str:
    kind, said = type(error).__name__, str(getattr(error, "message", error))
    if kind == "Exit":
        return ""
    if kind == "MissingParameter" and not is_whole:
        return ""
    if kind == "BadParameter":
        given = re.search(r"'([^']*)'", said)
        is_placed = given is not None and PLACEHOLDER.fullmatch(given[1]) and given[1] in rest
        if is_placed or "does not exist" in said:
            return ""
    if kind == "BadOptionUsage" and not is_whole and "requires an argument" in said:
        return ""
    return f"{kind}: {said}"


def _refusal_of_lock(rest: Sequence[str], *, is_whole: bool) -> str:
    if not rest:
        return "no command" if is_whole else ""
    said = StringIO()
    with redirect_stderr(said):
        try:
            lock_parser().parse_args(list(rest))
        except SystemExit as end:
            return said.getvalue().strip() if end.code else ""
    return ""
