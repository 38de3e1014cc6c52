"""`edgeverify journal`: what the door has written down."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify.cli.options import AsJson, ConfigFile, StateFolder

app = typer.Typer(help="What the door has written down.", no_args_is_help=True)


@app.command("list")
@plain_errors
def show(
    config: ConfigFile,
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many.", min=1)] = 20,
    card: Annotated[str, typer.Option("--card", help="Only this card's.")] = "",
    state: StateFolder = None,
    as_json: AsJson = False,
) -> None:
    """List the newest decisions with their scores; the daemon may go on running.

    Example: edgeverify journal list --config front-door.yaml --limit 5
    """
    import json

    from edgeverify.cli.state import reading
    from edgeverify.config import load_config
    from edgeverify.journal.reading import recent

    with reading(load_config(config), state) as place:
        rows = recent(place.journal, limit=limit, card=card)
    for row in rows:
        if as_json:
            record = {
                "sequence": row.sequence,
                "event_id": row.event_id,
                "claim_id": row.claim_id,
                "card": row.card,
                "source": row.source,
                "outcome": row.outcome.value,
                "reason": row.reason.value,
                "issued_at": row.issued_at.isoformat(),
                "duration_seconds": row.duration_seconds,
                "comparisons": row.comparisons,
                "matches": row.matches,
                "score": row.score,
                "threshold": row.threshold,
                "details": row.details,
                "is_delivered": row.is_delivered,
            }
            say(json.dumps(record, ensure_ascii=False))
            continue
        score = "" if row.score is None else f"score {row.score:.3f}"
        waiting = "" if row.is_delivered else "  not delivered yet"
        say(
            f"{row.issued_at:%Y-%m-%d %H:%M:%S}  {row.outcome.value:<5}  {row.reason.value:<20}  "
            f"{row.card:<16}  {row.matches}/{row.comparisons}  {score:<12}  {row.event_id}{waiting}"
        )


@app.command("acts")
@plain_errors
def show_acts(
    config: ConfigFile,
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many.", min=1)] = 20,
    state: StateFolder = None,
    as_json: AsJson = False,
) -> None:
    """List the newest acts: what people did to the door, and what its lock reported.

    Example: edgeverify journal acts --config front-door.yaml --limit 50
    """
    import json

    from edgeverify.cli.state import reading
    from edgeverify.config import load_config
    from edgeverify.journal.reading import acts

    with reading(load_config(config), state) as place:
        found = acts(place.journal, limit=limit)
    for act in found:
        if as_json:
            record = {
                "at": act.at.isoformat(),
                "act": act.act,
                "subject": act.subject,
                "by_user": act.by_user,
            }
            say(json.dumps(record, ensure_ascii=False))
            continue
        said = f"{act.at.astimezone():%Y-%m-%d %H:%M:%S %Z}  {act.act:<40}  {act.subject}"
        say(f"{said:<90}  by {act.by_user}")


@app.command()
@plain_errors
def check(config: ConfigFile, *, state: StateFolder = None) -> None:
    """Run SQLite's whole integrity check; exit 1 where it finds anything.

    Example: edgeverify journal check --config front-door.yaml
    """
    from edgeverify.cli.state import reading
    from edgeverify.config import load_config
    from edgeverify.journal.database import integrity

    with reading(load_config(config), state) as place:
        problems = integrity(place.journal)
    for problem in problems or ("ok",):
        say(problem)
    raise typer.Exit(1 if problems else 0)
