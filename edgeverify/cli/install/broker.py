"""`edgeverify broker setup`: a Mosquitto for doors, with its certificates, logins and rights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import plain_errors, say

if TYPE_CHECKING:
    from edgeverify.broker import Made

app = typer.Typer(help="The MQTT broker between doors, readers and locks.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `setup` a command of its own, although it is the only one."""


@app.command()
@plain_errors
def setup(  # noqa: PLR0913  (each is an option of the command)
    folder: Annotated[Path, typer.Argument(help="Where everything is put.", show_default=False)],
    *,
    door: Annotated[
        list[str] | None,
        typer.Option(help="A door's name in its config; once or more.", show_default=False),
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(
            help="A name or address that devices reach the broker by; once or more. The first goes "
            "into their configs.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Where it listens (8883).", show_default=False)
    ] = None,
    bind: Annotated[
        str | None,
        typer.Option(help="Listen on this address alone.", show_default=False),
    ] = None,
    existing: Annotated[
        Path | None,
        typer.Option(
            help="Add the doors to the broker with this mosquitto.conf, which includes a folder "
            "(include_dir), instead of making a new one.",
            show_default=False,
        ),
    ] = None,
    days: Annotated[int, typer.Option(help="How long the certificate is valid.", min=1)] = 1825,
    renew: Annotated[
        bool,
        typer.Option(
            "--renew", help="Make a new certificate, for other hosts or before the old one ends."
        ),
    ] = False,
    new_password: Annotated[
        str, typer.Option(help="Give this login a new password.", show_default=False)
    ] = "",
    plugin: Annotated[
        Path | None,
        typer.Option(
            help="Mosquitto's dynamic security plugin, if the broker runs elsewhere.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make all that a Mosquitto (2.0) needs to serve doors, ready to be started.

    It makes a certificate authority and a certificate, a login with a random password for each
    door, reader, lock and screen and for the house's monitor and operator, and the rights of
    each. A second run adds new doors and overwrites nothing.

    Example: sudo edgeverify broker setup /etc/mosquitto/edgeverify --door front-door \
--host broker.lan --existing /etc/mosquitto/mosquitto.conf
    """
    from datetime import datetime, timezone

    from edgeverify.broker import How, Wanted, find_plugin, owners_here, set_up
    from edgeverify.errors import BrokerSetupError
    from edgeverify.settings import DOOR

    for name in door or ():
        if not DOOR.fullmatch(name):
            raise BrokerSetupError(
                f"{name!r} is not a door's name",
                advice="Lower-case letters, digits and dashes, as in the config's `door:`.",
            )
    wanted = Wanted(
        doors=tuple(door or ()),
        hosts=tuple(host or ()),
        port=port,
        address=bind,
        existing=existing.absolute() if existing else None,
    )
    made = set_up(
        folder.absolute(),
        wanted,
        How(
            plugin=plugin or find_plugin(Path("/")),
            owners=owners_here(),
            now=datetime.now(timezone.utc),
            days=days,
            renew=renew,
            new_password=new_password,
        ),
    )
    _report(folder.absolute(), made)


def _report(folder: Path, made: Made) -> None:
    from edgeverify.broker import Login, Role, mqtt_section

    if not made.files:
        say(f"{folder}: everything is there already; nothing was changed")
    else:
        for each in dict.fromkeys(_listed(folder, path) for path in made.files):
            say(f"wrote {each}")
    for note in made.notes:
        say(f"Note: {note}")
    if not made.files:
        return
    say()
    if made.chosen.existing:
        say("Start it with what is new:  sudo systemctl restart mosquitto")
    else:
        say(f"Start it:  mosquitto -c {made.conf}")
    say("The door's config, where the door runs on this machine:")
    login = Login(Role.DOOR, made.chosen.doors[-1])
    section = mqtt_section(login, made.chosen, f"{folder}/logins/{login.name}/")
    for line in section.splitlines():
        say(f"    {line}")
    say(f"Carry each folder below {folder}/logins to its device, and remove it here.")
    say(f"Keep {folder}/ca.key where nobody else comes: it makes certificates for this house.")


def _listed(folder: Path, path: Path) -> str:
    """Return what to call a file: a login's files lie together."""
    return f"{path.parent}/" if path.is_relative_to(folder / "logins") else str(path)
