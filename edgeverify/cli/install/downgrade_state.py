"""`edgeverify downgrade-state`: what `make rollback` runs on each door's state."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeverify.cli.console import plain_errors, say


@plain_errors
def downgrade_state(
    state: Annotated[Path, typer.Option("--state", help="The state.", show_default=False)],
    *,
    journal_schema: Annotated[
        int,
        typer.Option(min=1, help="The journal's schema in the older release.", show_default=False),
    ],
    references_schema: Annotated[
        int,
        typer.Option(
            min=1, help="The references' schema in the older release.", show_default=False
        ),
    ],
) -> None:
    """Make a stopped door's state fit an older release; no decision is lost.

    `make rollback` does this by itself where the older release needs it.

    Example: edgeverify downgrade-state --state DIR --journal-schema 1 --references-schema 1
    """
    from edgeverify.atomic_file import read_plain
    from edgeverify.downgrade import downgrade_state as make_fit
    from edgeverify.errors import StateError
    from edgeverify.state import DOOR_FILE, open_state
    from edgeverify.state_lock import take_lock

    try:
        door = read_plain(state / DOOR_FILE).decode().strip()
    except (OSError, UnicodeError):
        raise StateError(f"{state} is not a state directory of edgeverify") from None
    place = open_state(state, door)
    with take_lock(place):
        for line in make_fit(place, journal=journal_schema, references=references_schema):
            say(f"{door}: {line}")
