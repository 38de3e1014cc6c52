"""`edgeverify unlock` and `edgeverify clock accept`: a person's word, written into the journal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify.cli.options import ConfigFile, StateFolder

if TYPE_CHECKING:
    from datetime import datetime

    from edgeverify.config import LoadedConfig
    from edgeverify.journal import Journal
    from edgeverify.state import StateDirectory

FAILED, UNTROUBLED = "its failures are forgotten", "it had no failures on record"
OUTSIDE = "it counts as outside now"

clock = typer.Typer(help="The door's trust in its wall clock.", no_args_is_help=True)


@plain_errors
def unlock(
    config: ConfigFile,
    card: Annotated[
        str, typer.Argument(help='The card number; "" for walk-up.', show_default=False)
    ],
    *,
    state: StateFolder = None,
) -> None:
    """Forget a card's failures and that it is inside, so that it may try again; journalled.

    Example: edgeverify unlock 0012345 --config front-door.yaml
    """
    from datetime import datetime, timezone

    from edgeverify.cli.state import changing, require_somebody
    from edgeverify.config import load_config
    from edgeverify.status_socket import ask, is_running

    who = _who()
    loaded = load_config(config)
    with changing(loaded, state) as place:
        card = require_somebody(loaded, place, card)
        if is_running(place.folder):
            answer = ask(place.folder, "unlock", card=card, user=who)
            failed, inside = bool(answer.get("known")), bool(answer.get("inside"))
        else:
            now = datetime.now(timezone.utc)
            with _journal(loaded, place, now) as journal:
                forgiven = journal.unlock(card, at=now, by_user=who)
            failed, inside = forgiven.had_failures, forgiven.was_inside
    say(
        f"card {card}: {_forgiven(failed=failed, inside=inside)}"
        if card
        else f"walk-up: {FAILED if failed else UNTROUBLED}"
    )


@clock.command()
@plain_errors
def accept(config: ConfigFile, *, state: StateFolder = None) -> None:
    """Confirm that the machine's clock is correct again after it ran ahead; journalled.

    A door does not trust a clock that shows a time before its own last records.

    Example: edgeverify clock accept --config front-door.yaml
    """
    from datetime import datetime, timezone

    from edgeverify.cli.state import changing
    from edgeverify.config import load_config
    from edgeverify.status_socket import ask, is_running

    who = _who()
    now = datetime.now(timezone.utc)
    loaded = load_config(config)
    with changing(loaded, state) as place:
        if is_running(place.folder):
            ask(place.folder, "clock-accept", user=who)
        else:
            from edgeverify.clock import SystemClock
            from edgeverify.daemon.timekeeping import (
                BELIEVED_FACT,
                BOOT_FACT,
                DOUBT_FACT,
                remember,
            )

            clock = SystemClock()
            with _journal(loaded, place, now) as journal:
                journal.accept_clock(at=now, by_user=who)
                journal.keep_fact(DOUBT_FACT, "")
                journal.keep_fact(BOOT_FACT, clock.boot)
                journal.keep_fact(BELIEVED_FACT, remember(clock.boot, clock.read()))
    say(f"accepted: {now:%Y-%m-%d %H:%M:%S} UTC")


def _forgiven(*, failed: bool, inside: bool) -> str:
    if inside:
        return f"{FAILED}, and {OUTSIDE}" if failed else OUTSIDE
    return FAILED if failed else f"{UNTROUBLED}, and was not inside"


@contextmanager
def _journal(loaded: LoadedConfig, place: StateDirectory, now: datetime) -> Iterator[Journal]:
    from edgeverify.cli.state import stopped_journal
    from edgeverify.state_lock import take_lock

    with take_lock(place), stopped_journal(loaded, place, now) as (journal, _):
        yield journal


def _who() -> str:
    import os

    from edgeverify.state import user_name

    return os.environ.get("SUDO_USER") or user_name(os.getuid())
