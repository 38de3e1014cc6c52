"""`edgeverify person`: what the door keeps about somebody, and forgetting it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.options import AsJson, ConfigFile, StateFolder
from edgeverify.how_many import how_many

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edgeverify.config import LoadedConfig
    from edgeverify.config.wall_clock import WallClock

app = typer.Typer(help="What the door keeps about a person.", no_args_is_help=True)
Card = Annotated[str, typer.Argument(help="The card number.", show_default=False)]
TIMES = frozenset({"asked_at", "at", "since", "enrolled_at", "locked_until"})


@app.command()
@plain_errors
def report(
    config: ConfigFile, card: Card, *, state: StateFolder = None, as_json: AsJson = False
) -> None:
    """Print everything that is kept about a card, for a person who asks; nothing is changed.

    Times are in the door's `time_zone`, in UTC with --json.

    Example: edgeverify person report 0012345 --config front-door.yaml --json > request.json
    """
    import json
    import os
    from datetime import timezone

    from edgeverify.cli.state import nobody, reading
    from edgeverify.config import load_config
    from edgeverify.config.wall_clock import WallClock
    from edgeverify.person_record import gather

    loaded = load_config(config)
    with reading(loaded, state) as place:
        found = gather(loaded, place, card, datetime.now(timezone.utc))
    if as_json:
        say(json.dumps(found.record(), ensure_ascii=False, indent=1))
    if found.is_empty:
        raise nobody(loaded, card)
    if as_json:
        return
    clock = WallClock.of(loaded.settings.time_zone, os.environ)
    for line in _lines(found.record(), clock):
        say(line)


@app.command()
@plain_errors
def forget(
    config: ConfigFile,
    card: Card,
    *,
    keep_days: Annotated[
        int, typer.Option(help="Decisions of the last N days keep the card number.", min=0)
    ] = 0,
    state: StateFolder = None,
) -> None:
    """Destroy a person's reference and key, and take their card out of the journal; journalled.

    Decisions stay, under a random word. Refused while the card is in the config. Exit 1 while a
    message with the card waits for the broker: it goes as it was signed, so run this again
    afterwards. Backups, and what monitors have received, are not reached from here.

    Example: edgeverify person forget 0012345 --keep-days 30 --config front-door.yaml
    """
    import os

    from edgeverify.cli.state import changing, require_somebody
    from edgeverify.config import load_config
    from edgeverify.state import user_name
    from edgeverify.status_socket import ask, is_running

    loaded = load_config(config)
    _refuse_staff(loaded, card)
    who = os.environ.get("SUDO_USER") or user_name(os.getuid())
    with changing(loaded, state) as place:
        require_somebody(loaded, place, card)
        if is_running(place.folder):
            done: Mapping[str, Any] = ask(
                place.folder, "person-forget", card=card, user=who, keep_days=keep_days
            )
        else:
            done = _forget_here(loaded, state, card, who, keep_days)
    for line in _told(card, done, keep_days):
        say(line)
    if done["unsent"]:
        unsent = how_many(done["unsent"], "message still waits", "messages still wait")
        complain(
            f"edgeverify: {unsent} for the broker with card {card}, as signed: not all forgotten"
        )
        complain("  Run this again once the broker has them (`edgeverify status` counts them).")
        raise typer.Exit(1)


def _refuse_staff(loaded: LoadedConfig, card: str) -> None:
    from edgeverify.errors import ConfigError

    for number, entry in enumerate(loaded.settings.staff):
        if card in {entry.card, entry.duress_card}:
            where = loaded.problem(("staff", number, "card"), f"card {card} is still in the config")
            raise ConfigError(
                f"{where}: the next start would enrol it again",
                advice="Take the entry out of `staff:`, reload, and run this again.",
            )


def _forget_here(
    loaded: LoadedConfig, state: Path | None, card: str, who: str, keep_days: int
) -> Mapping[str, Any]:
    """Forget where no daemon runs, as the one writer."""
    from datetime import datetime, timedelta, timezone

    from edgeverify.cli.people.people_state import open_people
    from edgeverify.cli.state import changing, stopped_journal
    from edgeverify.journal.forgetting import event_ids, forget_person
    from edgeverify.keys import read_signing_keys
    from edgeverify.references.evidence import EvidenceFolder
    from edgeverify.state_lock import take_lock

    now = datetime.now(timezone.utc)
    removed = False
    with changing(loaded, state) as place:
        has_references = place.references.exists()
    if has_references:
        with open_people(loaded, state, now=now, may_begin=False) as store:
            removed = store.remove(card)
    with (
        changing(loaded, state) as place,
        take_lock(place),
        stopped_journal(loaded, place, now) as (journal, _),
    ):
        pictures = EvidenceFolder(place.evidence, b"").destroy(event_ids(journal, card))
        done = forget_person(
            journal,
            card,
            read_signing_keys(place.signing_keys),
            before=now - timedelta(days=keep_days),
            at=now,
            by_user=who,
        )
    return {**done.record(), "reference": removed, "pictures": pictures}


def _told(card: str, done: Mapping[str, Any], keep_days: int) -> Iterator[str]:
    reference = (
        "its reference and key are destroyed" if done["reference"] else "it had no reference"
    )
    named = how_many(done["decisions"], "decision names", "decisions name")
    yield f"card {card}: {reference}; {named} {done['pseudonym']} now"
    if done["pictures"]:
        gone = how_many(done["pictures"], "evidence picture is", "evidence pictures are")
        yield f"{gone} destroyed"
    if done["kept"]:
        kept = how_many(done["kept"], "decision", "decisions")
        keep = "keeps" if done["kept"] == 1 else "keep"
        yield f"{kept} of the last {how_many(keep_days, 'day')} {keep} the card number"
    if done["copies"]:
        copies = how_many(done["copies"], "journal", "journals")
        yield f"deleted: {copies} from before an upgrade that named the card"
    yield "Not reached from here: backups, photos beside the config, and what monitors received."


def _lines(record: Mapping[str, Any], clock: WallClock) -> Iterator[str]:
    for key, value in record.items():
        name = key.replace("_", " ")
        if isinstance(value, list):
            yield f"{name}: {len(value)}"
            yield from (f"  {_row(one, clock)}" for one in value)
        elif isinstance(value, dict):
            yield f"{name}:"
            yield from (f"  {inner}: {_shown(inner, one, clock)}" for inner, one in value.items())
        else:
            yield f"{name}: {_shown(key, value, clock)}"


def _row(values: Mapping[str, Any], clock: WallClock) -> str:
    ordered = sorted(values.items(), key=lambda item: item[0] not in {"at", "since"})
    return "  ".join(f"{key} {_shown(key, value, clock)}" for key, value in ordered)


def _shown(key: str, value: object, clock: WallClock) -> str:
    if key in TIMES and value:
        at = clock.at(datetime.fromisoformat(str(value)))
        return at.isoformat(sep=" ", timespec="seconds")
    if value is None or value in ("", [], {}):
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
