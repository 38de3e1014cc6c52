"""How commands speak: results on standard output, one plain line for what went wrong."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable
from typing import ParamSpec

import typer

from edgeverify.errors import EXHAUSTED_ADVICE, EdgeverifyError, is_of_exhaustion

P = ParamSpec("P")

_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves a cursor or turns the direction of a text, and bytes of a name that are no UTF-8; tabs
and new lines are ours."""


def say(line: str = "") -> None:
    """Print a line of result to standard output."""
    typer.echo(_steering_nothing(line))


def complain(line: str) -> None:
    """Print a line of diagnosis to standard error."""
    typer.echo(_steering_nothing(line), err=True)


def _steering_nothing(line: str) -> str:
    """Spell out what would steer a terminal: names in foreign files and folders are printed."""
    return _STEERS.sub(lambda found: repr(found.group())[1:-1], line)


def plain_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command so that a user's mistake ends in one line and an exit code."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except EdgeverifyError as error:
            complain(f"edgeverify: {error.problem}")
            # No fault of the config or model: systemd must try again, so not with EX_CONFIG.
            passes = is_of_exhaustion(error)
            if advice := EXHAUSTED_ADVICE if passes else error.advice:
                complain(f"  {advice}")
            raise typer.Exit(1 if passes else error.exit_code) from None
        except BrokenPipeError:
            sys.stderr.close()
            raise typer.Exit(0) from None
        except OSError as error:
            # Whatever no part has a better sentence for: a full table of open files, a full disk.
            where = f"{error.filename}: " if error.filename else ""
            complain(f"edgeverify: {where}{error.strerror or error}")
            if is_of_exhaustion(error):
                complain(f"  {EXHAUSTED_ADVICE}")
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None

    return wrapped
