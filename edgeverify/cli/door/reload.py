"""`edgeverify reload`: let the running daemon read its config again, and hear how that went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify.cli.options import AnyConfig, DaemonState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeverify.status_socket import Json

POLL_SECONDS = 0.1


@plain_errors
def reload(
    *,
    config: AnyConfig = None,
    state: DaemonState = None,
    wait: Annotated[
        bool, typer.Option(help="Wait until the config is in force, or refused.")
    ] = True,
    timeout_seconds: Annotated[
        float, typer.Option("--timeout-seconds", min=0.1, help="How long to wait for it.")
    ] = 90.0,
) -> None:
    """Let the running daemon read its config again; `systemctl reload` runs this.

    Exit 0 once the new config is in force (enrolment of new photos goes on behind it); 78 where it
    was refused, with what is wrong: the old config stays in force. 2 where nobody answers in time.

    Example: sudo edgeverify reload
    """
    import time

    from edgeverify.cli.state import running_daemon
    from edgeverify.errors import ConfigError, StateError
    from edgeverify.status_socket import ask

    place = running_daemon(config, state)
    ticket = ask(place, "reload").get("ticket")
    if not wait:
        say("asked; `edgeverify status` tells how it went")
        return
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        answer: Mapping[str, Json] = ask(place, "reload-outcome", ticket=ticket)
        if answer.get("is_done") is True:
            if problem := answer.get("problem"):
                raise ConfigError(
                    f"the old config stays in force: {problem}",
                    advice=str(answer.get("advice") or ""),
                )
            say("the config is in force")
            return
        time.sleep(POLL_SECONDS)
    raise StateError(
        f"the config was not read within {timeout_seconds:g} s: people are still being enrolled, "
        "or a transaction goes on",
        advice="It will be read after that; `edgeverify status` tells how it went",
    )
