"""`edgeverify reload`: let the running daemon read its config again, and hear how that went."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify.cli.options import AnyConfig, DaemonState


@plain_errors
def reload(
    *,
    config: AnyConfig = None,
    state: DaemonState = None,
    wait: Annotated[
        bool, typer.Option(help="Wait until the config is in force, or refused.")
    ] = True,
    people: Annotated[
        bool, typer.Option(help="Wait until everybody in it is enrolled, too.")
    ] = True,
    timeout_seconds: Annotated[
        float, typer.Option("--timeout-seconds", min=0.1, help="How long to wait for the config.")
    ] = 90.0,
) -> None:
    """Let the running daemon read its config again; `systemctl reload` runs this.

    Exit 0 once the new config is in force and everybody in it has a reference; 1 if it is in
    force and somebody has none (named); 78 if it was refused, with the reason (the old config
    stays in force); 2 if nobody answers in time. A changed section that is read at start only is
    named, and waits for a restart. `systemctl reload` waits only for the config
    (`--no-people`).

    Example: sudo edgeverify reload
    """
    from edgeverify.cli.reloading import (
        reload_config,
        tell_people,
        tell_restart,
        wait_for_people,
    )
    from edgeverify.cli.state import running_daemon
    from edgeverify.status_socket import ask

    place = running_daemon(config, state)
    if not wait:
        ask(place, "reload")
        say("asked; `edgeverify status` shows the outcome")
        return
    ticket = reload_config(place, timeout_seconds)
    say("the config is in force")
    tell_restart(place)
    if people:
        tell_people(wait_for_people(place, ticket))
