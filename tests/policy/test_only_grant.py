"""Exactly one expression in the whole code base makes a grant."""

from __future__ import annotations

import ast
from pathlib import Path

import edgeverify

PACKAGE = Path(edgeverify.__file__).parent


def constructions(tree: ast.AST) -> list[ast.Call]:
    """Every `Decision(...)` and `replace(..., outcome=...)` of a module."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if _name(call) == "Decision" or _replaces_outcome(call)]


def _name(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _replaces_outcome(call: ast.Call) -> bool:
    return _name(call) == "replace" and any(word.arg == "outcome" for word in call.keywords)


def denies(call: ast.Call) -> bool:
    """True where the call says `outcome=Outcome.DENY`, word for word."""
    return any(
        word.arg == "outcome" and ast.unparse(word.value) == "Outcome.DENY"
        for word in call.keywords
    )


def test_one_expression_in_the_code_base_constructs_a_grant() -> None:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        found += [
            (path.relative_to(PACKAGE).as_posix(), ast.unparse(call))
            for call in constructions(ast.parse(path.read_text(encoding="utf-8")))
            if not denies(call)
        ]

    assert [path for path, _ in found] == ["policy/transaction.py"], found
    assert "outcome=Outcome.GRANT" in found[0][1]


def test_the_search_finds_what_it_should() -> None:
    """The control: grants in other dresses are seen."""
    hidden = ast.parse(
        "a = Decision(outcome=Outcome.GRANT)\n"
        "b = domain.Decision(outcome=Outcome('grant'))\n"
        "c = replace(decision, outcome=other)\n"
        "d = Decision(**row)\n"
        "e = Decision(outcome=Outcome.DENY)\n"
    )

    assert [denies(call) for call in constructions(hidden)] == [False, False, False, False, True]
