"""`edgeverify evidence`: the pictures of decisions that the door was told to keep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify.cli.options import AsJson, ConfigFile, StateFolder
from edgeverify.how_many import how_many

if TYPE_CHECKING:
    from edgeverify.config import LoadedConfig
    from edgeverify.references.evidence import EvidenceFolder
    from edgeverify.state import StateDirectory

app = typer.Typer(help="Pictures of decisions, if `evidence` keeps them.", no_args_is_help=True)


@app.command("list")
@plain_errors
def show_list(config: ConfigFile, *, state: StateFolder = None, as_json: AsJson = False) -> None:
    """List the decisions that have a picture, newest first; no picture is opened.

    Example: edgeverify evidence list --config front-door.yaml
    """
    import json
    import os

    from edgeverify.cli.state import reading
    from edgeverify.config import load_config
    from edgeverify.config.wall_clock import WallClock
    from edgeverify.journal.reading import recent
    from edgeverify.references.evidence import EvidenceFolder

    loaded = load_config(config)
    clock = WallClock.of(loaded.settings.time_zone, os.environ)
    with reading(loaded, state) as place:
        kept = EvidenceFolder(place.evidence, b"").kept()
        rows = [row for row in recent(place.journal, limit=1_000_000) if row.event_id in kept]
    for row in rows:
        if as_json:
            said = {
                "event_id": row.event_id,
                "at": row.issued_at.isoformat(),
                "card": row.card,
                "outcome": row.outcome.value,
                "reason": row.reason.value,
            }
            say(json.dumps(said, ensure_ascii=False))
        else:
            at = clock.at(row.issued_at).isoformat(sep=" ", timespec="seconds")
            say(f"{at}  {row.outcome.value:<5}  {row.reason.value:<20}  {row.card}  {row.event_id}")
    if not as_json:
        say(how_many(len(rows), "picture"))


@app.command()
@plain_errors
def show(
    config: ConfigFile,
    event_id: Annotated[str, typer.Argument(help="The decision's id.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the JPEG is put (0600).")],
    *,
    state: StateFolder = None,
) -> None:
    """Write one picture to a file; who did so is written into the journal.

    Example: sudo edgeverify evidence show EVENT -o picture.jpg --config front-door.yaml
    """
    import os

    from edgeverify.atomic_file import write_whole
    from edgeverify.cli.state import changing
    from edgeverify.config import load_config
    from edgeverify.errors import StateError
    from edgeverify.state import user_name

    loaded = load_config(config)
    who = os.environ.get("SUDO_USER") or user_name(os.getuid())
    with changing(loaded, state) as place:
        jpeg = _folder(loaded, place).open(event_id)
        _write_down(loaded, place, event_id, who)  # before anybody sees it
    try:
        write_whole(output, jpeg)
    except OSError as error:
        raise StateError(f"cannot write {output}: {error.strerror}") from None
    say(f"the picture of {event_id} is in {output}; the journal says that {who} has seen it")


def _folder(loaded: LoadedConfig, place: StateDirectory) -> EvidenceFolder:
    import os

    from edgeverify.keys import load_master_key
    from edgeverify.references.evidence import EvidenceFolder

    master = load_master_key(
        loaded.settings.keys.master_key_file,
        config_folder=loaded.folder,
        default=place.master_key,
        environ=os.environ,
        may_create=False,
    )
    return EvidenceFolder(place.evidence, master.secret)


def _write_down(loaded: LoadedConfig, place: StateDirectory, event_id: str, who: str) -> None:
    from datetime import datetime, timezone

    from edgeverify.cli.state import stopped_journal
    from edgeverify.state_lock import take_lock
    from edgeverify.status_socket import ask, is_running

    if is_running(place.folder):
        ask(place.folder, "evidence-shown", event_id=event_id, user=who)
        return
    now = datetime.now(timezone.utc)
    with take_lock(place), stopped_journal(loaded, place, now) as (journal, _):
        journal.note_act("evidence shown", event_id, at=now, by_user=who)
