"""Nothing that a page or a message tells people to type is refused by the program itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.documented.command_lines import PROGRAMS, refusal, typed
from tests.documented.pages import blocks_of

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page
    for page in (
        *CHECKOUT.glob("*.md"),
        *(CHECKOUT / "docs").glob("*.md"),
        CHECKOUT / "tests/README.md",
    )
    if page.name != "CHANGELOG.md"  # what had been
)
PACKAGES = ("edgeverify", "export/edgeverify_export", "export/edgeverify_train")
FENCE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
BRACKETS = str.maketrans("[]", "  ")
"""They stand around what may be left out."""
LEFT_OUT = re.compile(r"(--[a-z-]+) \.\.\.(?= )")
FEWEST_TYPED, FEWEST_NAMED, FEWEST_ADVISED = 40, 60, 60


def spans(text: str) -> list[str]:
    """Return what stands as code within sentences."""
    return [" ".join(span.split()) for span in SPAN.findall(FENCE.sub("", text))]


def _named(span: str) -> tuple[str, ...] | None:
    """Return the command line that a span is; None where it is none."""
    plain = LEFT_OUT.sub(r"\1 VALUE", span).translate(BRACKETS)
    words = plain.removeprefix("sudo ").split()
    is_one = bool(words) and words[0] in PROGRAMS and len(words) > 1
    return next(iter(typed(plain)), None) if is_one else None


def test_every_command_of_a_block_is_taken() -> None:
    seen, refused = 0, []
    for page in PAGES:
        for block in blocks_of(page):
            for words in () if block.file else typed("\n".join(block.commands)):
                seen += 1
                if why := refusal(words, is_whole=True):
                    refused.append(f"{block.name}: {' '.join(words)}: {why}")
    assert refused == []
    assert seen >= FEWEST_TYPED


def test_every_command_within_a_sentence_is_one() -> None:
    seen, refused = 0, []
    for page in PAGES:
        for span in spans(page.read_text("utf-8")):
            if (words := _named(span)) is not None:
                seen += 1
                if why := refusal(words, is_whole=False):
                    refused.append(f"{page.name}: {span}: {why}")
    assert refused == []
    assert seen >= FEWEST_NAMED


def test_every_command_that_a_message_or_help_text_names_is_one() -> None:
    seen, refused = 0, []
    for package in PACKAGES:
        for path in sorted((CHECKOUT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                for text in _texts(node):
                    for span in spans(text):
                        if (words := _named(span)) is not None:
                            seen += 1
                            if why := refusal(words, is_whole=False):
                                refused.append(f"{path.name}: {span}: {why}")
    assert refused == []
    assert seen >= FEWEST_ADVISED


def _texts(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        parts = [one.value if isinstance(one, ast.Constant) else "NAME" for one in node.values]
        return ["".join(str(part) for part in parts)]
    return []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("edgeverify frobnicate", "no command"),
        ("edgeverify web passwort kim", "no command"),
        ("edgeverify status --configuration a.yaml", "No such option"),
        ("sudo edgeverify claim --config a.yaml", "Missing"),
        ("edgeverify-lock open -c a.yaml", "invalid choice"),
    ],
)
def test_a_command_that_is_none_is_found(line: str, why: str) -> None:
    (words,) = typed(line)
    assert why.lower() in refusal(words, is_whole=True).lower()


def test_commands_are_found_within_scripts() -> None:
    script = (
        "cd x && sudo A=b edgeverify status --config f.yaml | jq .   # edgeverify nothing\n"
        "sudo tee f.yaml <<'END'\nedgeverify: it's no command\nEND\n"
        "edgeverify keys show --pem \\\n  --config f.yaml > /opt/edgeverify\n"
        "echo edgeverify\n"
    )
    assert list(typed(script)) == [
        ("edgeverify", "status", "--config", "f.yaml"),
        ("edgeverify", "keys", "show", "--pem", "--config", "f.yaml"),
    ]
