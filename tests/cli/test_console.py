"""What commands print: a foreign name steers no terminal."""

from __future__ import annotations

import pytest
import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.errors import ImageError


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\x1b[2Jgone.jpg", "\\x1b[2Jgone.jpg"),
        ("a\rb\x07", "a\\rb\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("gpj.\u202eexe", "gpj.\\u202eexe"),
        ("Jos\udce9.jpg", "Jos\\udce9.jpg"),
        ("\u0645\u06cc\u200c\u0634\u0648\u062f \u00e9\U0001f600", None),
    ],
)
def test_a_name_from_elsewhere_does_not_steer_the_terminal(
    name: str, shown: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Escapes, a bell, a turned direction, no UTF-8: spelt out; letters of all languages stay."""
    say(f"{name}\n\tnext")
    complain(name)

    @plain_errors
    def fail() -> None:
        raise ImageError(f"no such file: {name}")

    with pytest.raises(typer.Exit):
        fail()
    told = capsys.readouterr()
    assert told.out == f"{shown or name}\n\tnext\n"
    assert told.err == f"{shown or name}\nedgeverify: no such file: {shown or name}\n"
