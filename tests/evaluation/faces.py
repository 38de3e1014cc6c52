"""Real press photos and a real model for the commands that look at photos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from edgeverify.cli.main import app

EXAMPLES = Path("faces_misc/ageitgey/examples")
OBAMA = EXAMPLES / "knn_examples/train/obama/obama.jpg"
OBAMA_AGAIN = EXAMPLES / "knn_examples/train/obama/obama2.jpg"
BIDEN = EXAMPLES / "biden.jpg"
TWO_PEOPLE = EXAMPLES / "two_people.jpg"


@dataclass(frozen=True)
class Said:
    """What a command left: its exit code, and what it wrote to each stream."""

    code: int
    out: str
    err: str


def run(*words: str | Path) -> Said:
    """Type a command; a traceback is never what a person may see."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result
    assert "Traceback" not in result.stderr
    return Said(result.exit_code, result.stdout, result.stderr)
