"""`edgeverify web`: the local page, and who may log in to it."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify.cli.extras import needs_extra
from edgeverify.cli.options import ConfigFile

if TYPE_CHECKING:
    from edgeverify.web.logins import Logins

app = typer.Typer(help="The local page: state, journal, people, aim, screen.", no_args_is_help=True)

PageFolder = Annotated[
    Path | None,
    typer.Option(
        "--state",
        help="The page's own folder; without it the installed page's, else "
        "$XDG_STATE_HOME/edgeverify-web/DOOR.",
        show_default=False,
    ),
]
Name = Annotated[str, typer.Argument(help="The log-in's name.", show_default=False)]


class RoleName(str, Enum):
    """Written as `edgeverify.web.roles`, which needs the extra, writes them."""

    VIEWER = "viewer"
    MANAGER = "manager"
    SCREEN = "screen"


@app.command()
@plain_errors
@needs_extra("web")
def run(
    config: ConfigFile,
    *,
    state: PageFolder = None,
    door_state: Annotated[
        Path | None,
        typer.Option(help="The daemon's state directory; else found by the config."),
    ] = None,
) -> None:
    """Serve the local page in the foreground until Ctrl-C or SIGTERM.

    A process of its own: whatever happens to it, the door goes on. It needs `web:
    {enabled: true}` in the config, and a daemon that was started with that.

    Example: edgeverify web run --config front-door.yaml
    """
    import os

    from edgeverify.web.run import run_page

    run_page(config, door_state, state, os.environ)


@app.command()
@plain_errors
@needs_extra("web")
def password(
    name: Name,
    config: ConfigFile,
    *,
    role: Annotated[
        RoleName,
        typer.Option(help="viewer looks, manager also aims and enrols, screen is the display."),
    ] = RoleName.VIEWER,
    state: PageFolder = None,
) -> None:
    """Make a log-in, or give it another password or role; asks for the password twice.

    If the input is not a terminal, its first line is the password. It is kept as an Argon2id
    hash, and whoever was logged in under the old one is logged out.

    Example: sudo edgeverify web password kim --role manager --config front-door.yaml
    """
    import sys

    from edgeverify.web.roles import Role

    logins = _logins(config, state)
    if sys.stdin.isatty():
        given = typer.prompt("Password", hide_input=True, confirmation_prompt="Once more")
    else:
        given = sys.stdin.readline().rstrip("\n")
    is_new = logins.put(name, Role(role.value), given)
    say(f"{name}: {'made' if is_new else 'changed'}, role {role.value}")


@app.command("logins")
@plain_errors
@needs_extra("web")
def list_logins(config: ConfigFile, *, state: PageFolder = None) -> None:
    """List who may log in, with their roles.

    Example: sudo edgeverify web logins --config front-door.yaml
    """
    known = _logins(config, state, may_make=False).all()
    for login in sorted(known.values(), key=lambda one: one.name):
        say(f"{login.name:<24} {login.role.value}")
    if not known:
        say("nobody: make a log-in with `edgeverify web password NAME --role manager`")


@app.command()
@plain_errors
@needs_extra("web")
def remove(name: Name, config: ConfigFile, *, state: PageFolder = None) -> None:
    """Remove a log-in; whoever is logged in with it is logged out at once.

    Example: sudo edgeverify web remove kim --config front-door.yaml
    """
    from edgeverify.errors import ConfigError

    if not _logins(config, state, may_make=False).remove(name):
        raise ConfigError(f"there is no log-in {name!r}", advice="Run: edgeverify web logins")
    say(f"{name}: removed")


def _logins(config: Path, state: Path | None, *, may_make: bool = True) -> Logins:
    """Return the page's log-ins; what only reads or takes away makes no folder for them."""
    import os

    from edgeverify.config import load_config
    from edgeverify.web.folder import give_to_owner, open_folder, page_folder
    from edgeverify.web.logins import Logins

    door = load_config(config).settings.door
    folder = page_folder(config, door, state, os.environ)
    is_new = not folder.exists()
    if is_new and not may_make:
        return Logins(folder)
    open_folder(folder)
    if is_new:
        give_to_owner(folder)
    return Logins(folder)
