"""A YAML file to plain values with their lines, by the rules of YAML 1.2 and nothing clever.

PyYAML's parsers give events, and what is built from them follows YAML 1.2, not their own 1.1. So
`off`, `no` and `17:30` are text, and `1e-4` is a number.
"""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path

import yaml
from yaml.reader import ReaderError

from edgeverify.atomic_file import open_plain
from edgeverify.config.building import Builder
from edgeverify.config.hints import advice_on_lines, document_kind
from edgeverify.config.problems import ConfigProblemsError, KeyPath, Problem, fatal

MAX_BYTES = 4 * 1024 * 1024

_FASTEST: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser where PyYAML was built with it, as its wheels are."""

MAX_READ_TWICE = 256 * 1024
"""Characters of a file with a mistake that are read a second time, in about a second."""

_BREAK = re.compile(r"\r\n?|\n")
_ODD_BREAK = re.compile("[\x85\u2028\u2029]")
"""What YAML 1.1, which the parsers speak, takes for a new line and YAML 1.2 does not."""
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ORDER_MARK = "\ufeff"
"""At the beginning of a file it is taken off; elsewhere each parser makes of it what it likes."""


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What a file says: plain dicts, lists and scalars (`root`), where, and what is wrong.

    `lines` has the line of every key and list entry. `problems` are those that did not keep the
    rest from being read.
    """

    path: Path
    root: object
    lines: dict[KeyPath, int]
    content: bytes
    problems: tuple[Problem, ...]


def read_yaml(path: Path) -> YamlFile:
    """Read and judge one file. Raises ConfigProblemsError when it cannot be read as YAML."""
    content = _read_bytes(path)
    text = _text(path, content)
    try:
        builder, root = _built(path, text, _FASTEST)
    except yaml.YAMLError as error:
        if isinstance(error, yaml.MarkedYAMLError) and len(text) > MAX_READ_TWICE:
            raise _not_yaml(path, text, error) from None
        builder, root = _again(path, text)
    return YamlFile(path, root, builder.lines, content, tuple(builder.problems))


def _built(path: Path, text: str, parser: type[yaml.SafeLoader]) -> tuple[Builder, object]:
    builder = Builder(path)
    return builder, builder.document(yaml.parse(text, Loader=parser))


def _again(path: Path, text: str) -> tuple[Builder, object]:
    """Read by the slow parser, whose words for a mistake are the same on all machines."""
    try:
        return _built(path, text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise _not_yaml(path, text, error) from None


def _not_yaml(path: Path, text: str, error: yaml.YAMLError) -> ConfigProblemsError:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line, said = mark.line + 1 if mark else 0, error.problem or error.context
    else:
        line = _line_at(text, error.position) if isinstance(error, ReaderError) else 0
        said = str(error).splitlines()[0]
    advice = advice_on_lines(text, line, said or "")
    return fatal(path, line, f"is not YAML: {said}{'. ' * bool(advice)}{advice}")


def _text(path: Path, content: bytes) -> str:
    if kind := document_kind(content):
        raise fatal(path, 0, f"is {kind}; a config is plain text: write it in a text editor")
    if content.startswith(_WIDE_MARKS) or (content[1:2] == b"\0" != content[:1]):
        raise fatal(path, 0, "is UTF-16 text: save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise fatal(path, line, "is not UTF-8 text: save it with that encoding") from None
    if odd := _ODD_BREAK.search(text):
        raise fatal(
            path,
            _line_at(text, odd.start()),
            f"holds the invisible line separator U+{ord(odd.group()):04X}, with which a comment "
            "could hide a key; take it out",
        )
    if (position := text.find(_ORDER_MARK)) >= 0:
        raise fatal(
            path,
            _line_at(text, position),
            "holds the invisible byte order mark U+FEFF, as pieces of files put together do; "
            "take it out",
        )
    return text


def _line_at(text: str, position: int) -> int:
    return len(_BREAK.findall(text, 0, position)) + 1


def _read_bytes(path: Path) -> bytes:
    try:
        with open_plain(path) as file:
            content = file.read(MAX_BYTES + 1)
    except PermissionError as error:
        cure = ". Put sudo before the command." if os.geteuid() else ""
        raise fatal(path, 0, f"cannot be read: {error.strerror}{cure}") from None
    except OSError as error:
        is_none = error.errno == errno.EINVAL
        what = "is not a plain file" if is_none else f"cannot be read: {error.strerror}"
        raise fatal(path, 0, what) from None
    if len(content) > MAX_BYTES:
        raise fatal(path, 0, f"is larger than {MAX_BYTES // 1024 // 1024} MiB")
    return content
