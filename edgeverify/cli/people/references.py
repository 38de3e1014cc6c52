"""`edgeverify references`: who is enrolled at this door; and taking somebody out for good."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Annotated

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify.cli.options import AsJson, ConfigFile, StateFolder
from edgeverify.how_many import how_many

app = typer.Typer(help="Who is enrolled at this door.", no_args_is_help=True)


@app.command("list")
@plain_errors
def show(config: ConfigFile, *, state: StateFolder = None, as_json: AsJson = False) -> None:
    """List the references with card, name, photos, day and model; nothing is decrypted.

    Example: edgeverify references list --config /etc/edgeverify/front-door.yaml
    """
    import json

    from edgeverify.cli.state import reading
    from edgeverify.config import load_config
    from edgeverify.references.database import summaries

    with reading(load_config(config), state) as place:
        found = summaries(place.references) if place.references.exists() else ()
    if as_json:
        rows = [
            {
                "card": one.card,
                "name": one.name,
                "photos": one.photo_count,
                "enrolled_at": one.enrolled_at.isoformat(),
                "embedding_space": one.embedding_space,
            }
            for one in found
        ]
        say(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for one in found:
        say(
            f"{one.card:<20} {one.name:<28} {how_many(one.photo_count, 'photo')}  "
            f"{one.enrolled_at:%Y-%m-%d %H:%M}  model {one.embedding_space[:12]}"
        )
    say(how_many(len(found), "reference"))


@app.command()
@plain_errors
def remove(
    config: ConfigFile,
    card: Annotated[str, typer.Argument(help="The card number.", show_default=False)],
    *,
    state: StateFolder = None,
) -> None:
    """Destroy one reference and its key. Refused while the card is still in the config.

    Example: edgeverify references remove --config /etc/edgeverify/front-door.yaml 0012345
    """
    from edgeverify.cli.people.people_state import open_people
    from edgeverify.config import load_config
    from edgeverify.errors import ConfigError, ReferenceUnusableError

    loaded = load_config(config)
    for number, entry in enumerate(loaded.settings.staff):
        if entry.card == card:
            where = loaded.problem(("staff", number, "card"), f"card {card} is still in the config")
            raise ConfigError(
                f"{where}: the next start would enrol it again",
                advice="Take the entry out of `staff:` and reload: that removes the reference too.",
            )
    now = datetime.now(timezone.utc)
    with open_people(loaded, state, now=now, may_begin=False) as store:
        if not store.remove(card):
            raise ReferenceUnusableError(f"there is no reference for card {card}")
    say(f"removed the reference of card {card}, and its key")
