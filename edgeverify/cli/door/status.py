"""`edgeverify status`: what the running daemon says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify.cli.options import AnyConfig, AsJson, DaemonState

if TYPE_CHECKING:
    from edgeverify.status_socket import Json


@plain_errors
def status(
    *,
    config: AnyConfig = None,
    state: DaemonState = None,
    as_json: AsJson = False,
) -> None:
    """Ask the running daemon over its local socket; exit 0 online, 1 degraded, 2 no answer.

    Example: sudo edgeverify status
    """
    import json

    from edgeverify.cli.state import running_daemon
    from edgeverify.status_socket import ask

    answer = ask(running_daemon(config, state), "status")
    if as_json:
        say(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        for line in lines(answer):
            say(line)
    if answer.get("state") != "online":
        raise typer.Exit(1)


def lines(answer: dict[str, Json]) -> list[str]:
    """Return the answer as lines for people: the state first, then what is wrong, then the rest."""
    rest = dict(answer)
    door, state, at = (rest.pop(key, "?") for key in ("door", "state", "at"))
    told = [f"{door}: {state} (at {at})"]
    reasons = rest.pop("reasons", [])
    told += [
        f"  ! {reason.get('name')}: {reason.get('detail') or 'no detail'}"
        for reason in (reasons if isinstance(reasons, list) else [])
        if isinstance(reason, dict)
    ]
    return told + _rows(rest, "  ")


def _rows(values: dict[str, Json], indent: str) -> list[str]:
    rows: list[str] = []
    for key, value in values.items():
        name = key.replace("_", " ")
        if isinstance(value, dict):
            rows.append(f"{indent}{name}")
            rows += _rows(value, indent + "  ") or [f"{indent}  -"]
        else:
            rows.append(f"{indent}{name:<24} {_shown(value)}")
    return rows


def _shown(value: Json) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(_shown(entry) for entry in value) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{key}={_shown(inner)}" for key, inner in value.items()) or "-"
    return str(value)
