"""`edgeverify doctor`: every part by itself, and what to do about it."""

from __future__ import annotations

from edgeverify.cli.console import plain_errors, say
from edgeverify.cli.options import AsJson, ConfigFile, StateFolder


@plain_errors
def doctor(config: ConfigFile, *, state: StateFolder = None, as_json: AsJson = False) -> None:
    """Check every part, and ask a running daemon what it is degraded by; say what to do.

    Exit code 0 when all is well, 1 when something is not, 78 for a broken config.

    Example: edgeverify doctor --config /etc/edgeverify/front-door.yaml
    """
    import json
    import os
    from dataclasses import asdict

    import typer

    from edgeverify.cli.state import find
    from edgeverify.config import load_config
    from edgeverify.daemon.doctor import Finding, examine, examine_without_state
    from edgeverify.errors import StateError

    loaded = load_config(config)
    findings: list[Finding] = []
    try:
        seen = examine(loaded, find(loaded, state).place, os.environ)
    except StateError as error:
        seen = examine_without_state(loaded, error, os.environ)
    for finding in seen:
        findings.append(finding)
        if not as_json:
            mark = "ok  " if finding.is_well else "FAIL"
            say(f"{mark}  {finding.part:<12} {finding.seen}")
            if finding.advice:
                say(f"      {'':<12} {finding.advice}")
    if as_json:
        say(json.dumps([asdict(finding) for finding in findings], indent=1))
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(1)
