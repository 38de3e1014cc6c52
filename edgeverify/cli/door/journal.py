"""`edgeverify journal`: what the door has written down."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.door.journal_table import Form, act_lines, decision_lines, notice_lines
from edgeverify.cli.options import AsJson, ConfigFile, StateFolder
from edgeverify.domain import Outcome, Reason

if TYPE_CHECKING:
    from edgeverify.config.wall_clock import WallClock
    from edgeverify.settings import Settings

app = typer.Typer(help="What the door has written down.", no_args_is_help=True)


Limit = Annotated[int, typer.Option("--limit", "-n", help="How many.", min=1)]
Since = Annotated[str, typer.Option(help="From then on: 2026-11-28, '2026-11-28 07:30', 12h, 7d.")]
Until = Annotated[str, typer.Option(help="Before then; written like --since.")]


@app.command("list")
@plain_errors
def show(  # noqa: PLR0913  (each is an option of the command)
    config: ConfigFile,
    *,
    limit: Limit = 20,
    card: Annotated[str, typer.Option("--card", help="Only this card's.")] = "",
    since: Since = "",
    until: Until = "",
    outcome: Annotated[Outcome | None, typer.Option(help="Only these.")] = None,
    reason: Annotated[Reason | None, typer.Option(help="Only these.")] = None,
    form: Annotated[Form, typer.Option("--format", help="How to print them.")] = Form.TABLE,
    state: StateFolder = None,
    as_json: AsJson = False,
) -> None:
    """List the newest decisions with names and scores; the daemon may go on running.

    Times are in the door's `time_zone` (in this machine's without one); JSON has them in UTC.

    Example: edgeverify journal list --config front-door.yaml --since 7d --outcome deny
    """
    from edgeverify.cli.state import reading, require_somebody
    from edgeverify.config import load_config
    from edgeverify.journal.reading import Wanted, decisions
    from edgeverify.person_record import own_card

    loaded = load_config(config)
    clock = door_clock(loaded.settings)
    first, last = period(since, until, now=datetime.now(timezone.utc), clock=clock)
    card = own_card(loaded, card)
    wanted = Wanted(limit=limit, card=card, since=first, until=last, outcome=outcome, reason=reason)
    with reading(loaded, state) as place:
        rows = decisions(place.journal, wanted)
        if not rows:
            require_somebody(loaded, place, card)
    names = {person.card: person.name for person in loaded.settings.staff}
    for line in decision_lines(rows, names, clock, Form.JSON if as_json else form):
        say(line)


@app.command("acts")
@plain_errors
def show_acts(
    config: ConfigFile,
    *,
    limit: Limit = 20,
    since: Since = "",
    until: Until = "",
    form: Annotated[Form, typer.Option("--format", help="How to print them.")] = Form.TABLE,
    state: StateFolder = None,
    as_json: AsJson = False,
) -> None:
    """List the newest acts: what people did to the door, and what its lock reported.

    Example: edgeverify journal acts --config front-door.yaml --since 30d
    """
    from edgeverify.cli.state import reading
    from edgeverify.config import load_config
    from edgeverify.journal.reading import acts

    loaded = load_config(config)
    clock = door_clock(loaded.settings)
    first, last = period(since, until, now=datetime.now(timezone.utc), clock=clock)
    with reading(loaded, state) as place:
        rows = acts(place.journal, since=first, until=last, limit=limit)
    for line in act_lines(rows, clock, Form.JSON if as_json else form):
        say(line)


@app.command("notices")
@plain_errors
def show_notices(
    config: ConfigFile,
    *,
    limit: Limit = 20,
    form: Annotated[Form, typer.Option("--format", help="How to print them.")] = Form.TABLE,
    state: StateFolder = None,
    as_json: AsJson = False,
) -> None:
    """List the newest notices: duress, a second person, a card that was inside already.

    Example: edgeverify journal notices --config front-door.yaml
    """
    from edgeverify.cli.state import reading
    from edgeverify.config import load_config
    from edgeverify.journal.reading import read_notices

    loaded = load_config(config)
    with reading(loaded, state) as place:
        rows = read_notices(place.journal, place.door, limit=limit)
    names = {person.card: person.name for person in loaded.settings.staff}
    clock = door_clock(loaded.settings)
    for line in notice_lines(rows, names, clock, Form.JSON if as_json else form):
        say(line)


@app.command()
@plain_errors
def check(config: ConfigFile, *, state: StateFolder = None) -> None:
    """Check the whole file, and each decision's signature; exit 1 if anything is wrong.

    A decision that was changed afterwards is named by its number.

    Example: edgeverify journal check --config front-door.yaml
    """
    from edgeverify.cli.state import reading
    from edgeverify.config import load_config
    from edgeverify.journal.database import integrity
    from edgeverify.journal.proofs import doubtful
    from edgeverify.keys import read_signing_keys

    with reading(load_config(config), state) as place:
        problems = integrity(place.journal)
        for problem in problems:
            say(problem)
        if not problems:
            keys = read_signing_keys(place.signing_keys)
            for problem in doubtful(place.journal, keys.ever()):
                problems = (*problems, problem)
                say(problem)
    if not problems:
        say("ok")
    raise typer.Exit(1 if problems else 0)


_AGO = re.compile(r"(\d{1,5})\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def door_clock(settings: Settings) -> WallClock:
    """Return the clock on which the door's times are printed, and days and hours are read."""
    import os

    from edgeverify.config.wall_clock import WallClock

    return WallClock.of(settings.time_zone, os.environ)


def period(
    since: str, until: str, *, now: datetime, clock: WallClock
) -> tuple[datetime | None, datetime | None]:
    """Return both ends, None where there is none. Raises typer.BadParameter for one that runs back.

    In the hour that the end of summer time repeats, it begins in the first and ends in the second.
    """
    first = moment(since, now=now, option="--since", clock=clock)
    last = moment(until, now=now, option="--until", clock=clock, fold=1)
    if first is not None and last is not None and first > last:
        raise typer.BadParameter(
            f"the period ends ({until}) before it begins ({since}). Exchange the two, or leave one "
            "out.",
            param_hint="--until",
        )
    if first is not None and first > now:
        complain(
            f"--since {since} is in the future: it is {clock.at(now):%Y-%m-%d %H:%M} in "
            f"{clock.name} now"
        )
    return first, last


def moment(
    text: str, *, now: datetime, option: str, clock: WallClock, fold: int = 0
) -> datetime | None:
    """Return the moment that is meant, with its time zone; None for an empty text.

    Without an offset it is read on `clock`, of an hour that comes twice the one that `fold` says
    (PEP 495). `now` needs its time zone. Raises typer.BadParameter.
    """
    if not text:
        return None
    if ago := _AGO.fullmatch(text.strip()):
        number, unit = ago.groups()
        return now - timedelta(**{_UNITS[unit]: int(number)})
    try:
        found = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text.strip()))
        return clock.at(found.replace(fold=fold)).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{text!r} is not a time. Write it like 2026-11-28, '2026-11-28 07:30' or 12h (m, h, "
            "d and w: minutes, hours, days and weeks ago).",
            param_hint=option,
        ) from None
