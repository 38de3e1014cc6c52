"""Every command explains itself: a sentence, an example, and no traceback for a wrong call."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import typer.main
from typer.testing import CliRunner

from edgeverify.cli.main import app


def _commands(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    # Typer may carry its own copy of click, so a group is told by what it has.
    below = getattr(command, "commands", None)
    if below is None:
        yield path
        return
    for name, inner in below.items():
        yield from _commands(inner, (*path, name))


COMMANDS = sorted(_commands(typer.main.get_command(app)))


def test_the_commands_of_the_readme_are_there() -> None:
    names = {" ".join(path) for path in COMMANDS}
    assert {
        "run", "demo", "enrol", "verify", "claim", "events", "check-config", "doctor", "bench",
        "references list", "references remove", "models list", "models fetch", "status", "unlock",
        "aim", "backup", "restore", "keys rotate", "diagnose", "reload", "install-service",
        "clock accept", "evaluate-pad",
    } <= names  # fmt: skip


def test_the_commands_are_grouped_as_a_user_meets_them_and_none_is_left_out() -> None:
    help_text = CliRunner().invoke(app, ["--help"], terminal_width=100).output
    groups = re.findall(r"^(Door|People|Measure|Install|Commands):$", help_text, flags=re.MULTILINE)
    assert groups == ["Door", "People", "Measure", "Install"]
    for path in COMMANDS:
        assert len(re.findall(rf"^  {path[0]}(?: |$)", help_text, flags=re.MULTILINE)) == 1, path


GROUPS = sorted({path[:-1] for path in COMMANDS})


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: " ".join(group) or "all")
def test_no_summary_of_a_command_is_cut_off(group: tuple[str, ...]) -> None:
    help_text = CliRunner().invoke(app, [*group, "--help"]).output
    inside = [path for path in COMMANDS if path[:-1] == group]
    assert inside
    for path in inside:
        assert re.search(rf"^  {path[-1]}(?: |$)", help_text, flags=re.MULTILINE), path
    assert "..." not in help_text.partition("Options:")[2]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_has_an_example(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*path, "--help"])
    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"edgeverify {path[0]}" in result.output


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_an_unknown_option_is_one_plain_error(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*path, "--no-such-option"])
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert "no-such-option" in result.output
