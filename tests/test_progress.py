"""Showing how far work is can never fail it, whatever becomes of the terminal."""

from __future__ import annotations

import ast
import io
import os
import pty
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeverify import progress
from edgeverify.progress import (
    FIRST_LINE_SECONDS,
    counted,
    counted_bar,
    download_bar,
    harmless,
    phase_bars,
    steps,
    unfailing_console,
)

ROOT = Path(__file__).resolve().parent.parent
DRAWN_ELSEWHERE = {"edgeverify/progress.py"}


class Terminal(io.StringIO):
    """A terminal; `error` is what it makes of each write."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        if self.error is not None:
            raise self.error
        return super().write(text)

    def isatty(self) -> bool:
        return True


def use_every_display() -> list[int]:
    with download_bar() as tell:
        for done in range(0, 300, 100):
            tell("weights.dat", done, 300)
        tell("unknown size", 1, 0)
    with counted_bar("people") as moved:
        moved(1, 2, "Ada [red]")
        moved(2, 2, "")
    with phase_bars() as phase:
        phase("compiling", 0, 2)
        phase("compiling", 2, 2)
    with steps() as step:
        step("reading the graph")
    return list(counted([1, 2, 3], "things"))


FAULTS = [
    OSError(28, "No space left on device"),
    BrokenPipeError(32, "Broken pipe"),
    ValueError("I/O operation on closed file"),
    UnicodeEncodeError("ascii", "\u2501", 0, 1, "ordinal not in range(128)"),
]


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
def test_a_terminal_that_fails_does_not_fail_the_work(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal(error))
    assert use_every_display() == [1, 2, 3]


def test_neither_does_one_that_is_closed_or_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = Terminal()
    closed.close()
    for stream in (closed, None):
        monkeypatch.setattr(sys, "stderr", stream)
        assert use_every_display() == [1, 2, 3]


def test_a_real_terminal_shows_bars_names_and_percentages(monkeypatch: pytest.MonkeyPatch) -> None:
    main, side = pty.openpty()
    with os.fdopen(side, "w") as terminal:
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "120")
        monkeypatch.setattr(sys, "stderr", terminal)
        assert use_every_display() == [1, 2, 3]
        terminal.flush()
        shown = os.read(main, 100_000).decode()
    os.close(main)
    assert "weights.dat" in shown
    assert "200/300 bytes" in shown


def test_what_measures_the_progress_may_fail_too() -> None:
    seen: list[int] = []

    def look(folder: Path) -> None:
        seen.append(1)
        seen.append(sum(path.stat().st_size for path in folder.iterdir()))

    show = harmless(look)
    show(Path("/nonexistent"))
    show(Path("/nonexistent"))
    assert seen == [1]  # once it has failed it is left alone


def test_stopping_from_the_keyboard_is_no_failure_of_the_display() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        harmless(stop)()


def test_where_nobody_watches_lines_say_it_after_two_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "FIRST_LINE_SECONDS", FIRST_LINE_SECONDS)
    clock = iter([0.0, 1.9, 2.0, 10.0, 17.1, 18.0])
    monkeypatch.setattr("edgeverify.progress.time.monotonic", lambda: next(clock))
    with download_bar() as tell:
        for done in range(10, 70, 10):
            tell("weights.dat", done, 100)
    assert capsys.readouterr().err.splitlines() == ["weights.dat: 30 %", "weights.dat: 50 %"]


def test_the_console_of_the_demo_survives_a_reader_that_left() -> None:
    unfailing_console(Terminal(BrokenPipeError(32, "Broken pipe"))).print("a table")


@pytest.mark.parametrize("top", ["edgeverify", "export"])
def test_nothing_else_draws_progress(top: str) -> None:
    found: Callable[[Path], list[str]] = lambda path: [  # noqa: E731
        node.module or ""
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rich.progress")
    ]
    files = sorted((ROOT / top).rglob("*.py"))
    assert files
    drawing = {str(path.relative_to(ROOT)) for path in files if found(path)}
    assert drawing <= DRAWN_ELSEWHERE
