"""Files that can be read at one sitting, and code that is more than lists of imports."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 300
"""Lines of one file, the tests' own among them."""
IMPORTS = {"edgeverify": 0.10, "export": 0.10}
"""Of a package's lines: whoever follows a name should not pass through one file after the other."""


def sources(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert len(found) > 10, f"{folder} was looked for and not found"
    return found


@pytest.mark.parametrize("folder", ["edgeverify", "export", "tests", "benchmarks"])
def test_no_file_is_longer_than_three_hundred_lines(folder: str) -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources(folder)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


@pytest.mark.parametrize("package", sorted(IMPORTS))
def test_imports_are_a_small_part_of_a_package(package: str) -> None:
    lines = importing = 0
    for path in sources(package):
        text = path.read_text(encoding="utf-8")
        lines += len(text.splitlines())
        importing += sum(
            node.end_lineno - node.lineno + 1
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Import | ast.ImportFrom) and node.end_lineno is not None
        )
    assert importing / lines < IMPORTS[package], f"{importing} of {lines} lines of {package} import"
