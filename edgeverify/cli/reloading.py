"""Waiting for a running daemon's reload: for the config, then for everybody in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edgeverify.cli.console import complain, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeverify.status_socket import Json

POLL_SECONDS = 0.1
QUIET_SECONDS = 2.0
"""Whoever waits longer is told for what."""


def reload_config(place: Path, timeout_seconds: float) -> Json:
    """Let the daemon at `place` read its config again; return the ticket once it is in force.

    Raises ConfigError where it was refused, and StateError where nobody answers in time.
    """
    import time

    from edgeverify.errors import ConfigError, StateError
    from edgeverify.status_socket import ask

    ticket = ask(place, "reload").get("ticket")
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        answer = ask(place, "reload-outcome", ticket=ticket)
        if answer.get("is_done") is True:
            if problem := answer.get("problem"):
                raise ConfigError(
                    f"the old config stays in force: {problem}",
                    advice=str(answer.get("advice") or ""),
                )
            return ticket
        time.sleep(POLL_SECONDS)
    raise StateError(
        f"the config was not read within {timeout_seconds:g} s: people are still being enrolled, "
        "or a transaction goes on",
        advice="It will be read after that; `edgeverify status` shows the outcome.",
    )


def tell_restart(place: Path) -> None:
    """Print which changed sections the daemon at `place` will read at its next start only."""
    from edgeverify.domain import FaultName
    from edgeverify.status_socket import ask

    reasons = ask(place, "status").get("reasons")
    for one in reasons if isinstance(reasons, list) else []:
        if isinstance(one, dict) and one.get("name") == FaultName.RESTART_NEEDED.value:
            complain(f"warning: {one.get('detail')}. {FaultName.RESTART_NEEDED.advice}")


def wait_for_people(place: Path, ticket: Json) -> Mapping[str, Json]:
    """Return what became of everybody, once they are enrolled; say what is waited for.

    Raises StateError where they could not be enrolled at all, or the daemon ends meanwhile.
    """
    import time

    from edgeverify.errors import StateError
    from edgeverify.status_socket import ask

    begun, is_said = time.monotonic(), False
    while True:
        answer = ask(place, "reload-outcome", ticket=ticket)
        people = answer.get("people", {})  # a daemon of the release before does not tell
        if isinstance(people, dict):
            if problem := people.get("problem"):
                raise StateError(
                    f"the config is in force, and nobody could be enrolled: {problem}",
                    advice=str(people.get("advice") or ""),
                )
            return people
        if not is_said and time.monotonic() - begun >= QUIET_SECONDS:
            complain("the config is in force; people are being enrolled ...")
            is_said = True
        time.sleep(POLL_SECONDS)


def tell_people(
    people: Mapping[str, Json], card: str | None = None, *, is_quiet: bool = False
) -> None:
    """Print what became of them, or of one; exit 1 where somebody has no reference."""
    mine = f"card {card} "
    for kind in () if is_quiet else ("problems", "warnings"):
        lines = people.get(kind)
        for line in lines if isinstance(lines, list) else []:
            if card is None or mine in str(line):
                complain(f"{kind.removesuffix('s')}: {line}")
    refused = people.get("refused")
    without = [str(one) for one in refused] if isinstance(refused, list) else []
    if card is not None:
        without = [one for one in without if one == card]
        summary: Json = f"card {card}: {'refused' if without else 'has its reference'}"
    else:
        summary = people.get("summary")
    if not is_quiet and summary:
        say(str(summary))
    if without:
        raise typer.Exit(1)
