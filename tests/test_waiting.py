"""The tests' own patience: it waits, it fails by name, and no test goes round it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests import waiting
from tests.waiting import patience, until

TESTS = Path(__file__).resolve().parent
HASTE = re.compile(r"assert (time\.)?(monotonic|perf_counter|time)\(\) - \w+ <=? ?[\d.]")
SHORT = re.compile(
    r"assert (?!not )[\w.]+\.(wait|wait_connected)\([\d.]+\)"
    r"|\.(join|communicate)\((timeout=)?\d{1,2}\)"
)


def test_what_happens_is_waited_for_and_what_never_does_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter([False, False, True])
    assert until(lambda: next(answers), "the third answer") >= 0
    monkeypatch.setattr(waiting, "SLOWNESS", 2.0)
    assert patience(5) == 10.0
    with pytest.raises(AssertionError, match="in vain for the moon"):
        until(lambda: False, "the moon", 0.01)


@pytest.mark.parametrize("forbidden", [HASTE, SHORT], ids=["haste", "short time-outs"])
def test_no_test_asserts_how_fast_the_machine_is(forbidden: re.Pattern[str]) -> None:
    files = sorted(TESTS.rglob("*.py"))
    assert len(files) > 100
    found = [
        f"{path.relative_to(TESTS)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if forbidden.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("end", ["exits", "is killed"])
def test_busy_loops_run_beside_a_command_and_end_with_it(end: str) -> None:
    command = [sys.executable, "-m", "tests.busy_machine", "--loops", "2", "--"]
    command += [sys.executable, "-c", "print('here', flush=True); input(); raise SystemExit(7)"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=TESTS.parent
    ) as machine:
        assert machine.stdout is not None
        assert machine.stdin is not None
        assert machine.stdout.readline() == b"here\n"
        others = psutil.Process(machine.pid).children()
        assert len(others) >= 3
        if end == "exits":
            machine.stdin.write(b"\n")
        else:
            machine.kill()
        machine.stdin.close()
        machine.stdout.read()
        assert machine.wait() == (7 if end == "exits" else -9)
    until(lambda: not any(other.is_running() for other in others), "the loops to end")
