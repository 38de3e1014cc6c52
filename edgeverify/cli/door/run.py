"""`edgeverify run`: the daemon itself, in the foreground."""

from __future__ import annotations

from edgeverify.cli.console import plain_errors
from edgeverify.cli.native_libraries import one_thread_for_matrices
from edgeverify.cli.options import ConfigFile, StateFolder


@plain_errors
def run(config: ConfigFile, *, state: StateFolder = None) -> None:
    """Run the door in the foreground until Ctrl-C or SIGTERM; SIGHUP reads the config again.

    This is what the systemd service starts. A broken config, key or model exits with 78 and says
    what to do; an absent camera or broker is named in the status and waited for.

    Example: edgeverify run --config /etc/edgeverify/front-door.yaml
    """
    import os

    one_thread_for_matrices(os.environ)
    from edgeverify.daemon.run import run_daemon

    run_daemon(config, state, os.environ)
