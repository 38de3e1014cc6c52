"""How the product speaks after an error: advice is a sentence, and worn turns stay out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
PRODUCT = sorted(
    path
    for package in ("edgeverify", "export/edgeverify_export", "export/edgeverify_train")
    for path in (CHECKOUT / package).rglob("*.py")
)
WORN = (
    "names not one of",
    "is no folder",
    "holds other things than",
    " lacks ",
    " anew",
    "so many",
)

PAGES = sorted(
    [*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md"), CHECKOUT / "tests/README.md"]
)
_CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)

_SENTENCE = re.compile(r"""[A-Z`"'0-9{].*[.?!}]""", re.DOTALL)


def _words(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values
        )
    return None


def _literals(node: ast.expr, names: dict[str, ast.expr]) -> Iterator[str]:
    if isinstance(node, ast.Name) and node.id in names:
        node = names[node.id]
    if isinstance(node, ast.IfExp):
        yield from _literals(node.body, names)
        yield from _literals(node.orelse, names)
    elif words := _words(node):
        yield words


def advice_in(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        statement.targets[0].id: statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }
    for node in ast.walk(tree):
        if (isinstance(node, ast.keyword) and node.arg == "advice") or (
            isinstance(node, ast.Assign)
            and any(isinstance(one, ast.Name) and "advice" in one.id for one in node.targets)
        ):
            yield from _literals(node.value, names)


def test_advice_is_a_sentence_with_a_capital_and_a_full_stop_or_ends_with_a_command() -> None:
    spoken = [(path, advice) for path in PRODUCT for advice in advice_in(path)]
    assert len(spoken) > 100, "the test finds the advice that there is"
    commands = re.compile(r"(?:Run|Write|Make one): .*", re.DOTALL)
    odd = [
        f"{path.relative_to(CHECKOUT)}: {advice}"
        for path, advice in spoken
        if not _SENTENCE.fullmatch(advice.strip()) and not commands.fullmatch(advice)
    ]
    assert not odd, "\n".join(odd)


@pytest.mark.parametrize("worn", WORN)
def test_worn_turns_stay_out_of_what_people_read(worn: str) -> None:
    found = [
        f"{path.relative_to(CHECKOUT)}:{node.lineno}"
        for path in PRODUCT
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.expr) and worn in (_words(node) or "")
    ]
    assert not found, f"{worn!r} in {', '.join(found)}"


@pytest.mark.parametrize("worn", WORN)
def test_worn_turns_stay_out_of_the_pages(worn: str) -> None:
    assert len(PAGES) > 50, "the test finds the pages that there are"
    found = [
        str(path.relative_to(CHECKOUT))
        for path in PAGES
        if worn in " ".join(_CODE.sub("", path.read_text(encoding="utf-8")).split())
    ]
    assert not found, f"{worn!r} in {', '.join(found)}"


def test_what_returns_something_is_described_by_that() -> None:
    """Or by what it does; but never by "give", "tell", "say" or "answer", which could be both."""
    told = re.compile(r"(Give|Tell|Say|Answer|Return)s\b|(Give|Tell|Say|Answer)\b")
    odd = [
        f"{path.relative_to(CHECKOUT)}:{node.lineno}: {said.splitlines()[0]}"
        for path in PRODUCT
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.returns is not None
        and ast.unparse(node.returns) != "None"
        and told.match(said := ast.get_docstring(node) or "")
    ]
    assert not odd, "\n".join(odd)
