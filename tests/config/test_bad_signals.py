"""What bad rhythms and lines of LEDs and buzzer get: the whole message, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.told import told

BAD = {
    "a number": ("  green:\n    grant: 3", "3: signals.green.grant: must be a list, not 3"),
    "going on for ever": (
        "  buzzer:\n    deny: [6, 1, 6]",
        "3: signals.buzzer.deny: lasts 13 seconds in all, and may last 10",
    ),
    "nobody can see it": (
        "  red:\n    deny: [0.3, 0]",
        "3: signals.red.deny: each step lasts at least 0.02 seconds",
    ),
    "too many steps": (
        f"  red:\n    deny: {[0.1] * 21}",
        "3: signals.red.deny: has 21 steps, and may have 20",
    ),
    "one line for two": (
        "  green: {line: 17}\n  red: {line: 17}",
        "1: signals: green, red and buzzer need a line each",
    ),
}


@pytest.mark.parametrize(("text", "message"), [*BAD.values()], ids=[*BAD])
def test_it_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "door.yaml"
    assert told(file, f"signals:\n{text}") == [f"{file}:{message}"]
