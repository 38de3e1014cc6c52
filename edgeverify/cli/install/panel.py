"""`edgeverify panel`: what has to be done once with an access-control panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.options import ConfigFile

if TYPE_CHECKING:
    from pathlib import Path

    from edgeverify.config import LoadedConfig

app = typer.Typer(
    help="An access-control panel that takes this door for its reader.", no_args_is_help=True
)


@app.command()
@plain_errors
def pair(
    config: ConfigFile,
    *,
    seconds: Annotated[float, typer.Option(help="Wait this long for the panel.", min=1)] = 120.0,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a key that is there already.")
    ] = False,
) -> None:
    """Take the secure-channel key that a panel in installation mode sets, and keep it.

    For panels that make a reader's key themselves. Stop the service first, put the panel into
    installation mode for this reader, and do it where nobody else reaches the wire.

    Example: sudo edgeverify panel pair --config /etc/edgeverify/edgeverify.yaml
    """
    import os

    from edgeverify.atomic_file import write_whole
    from edgeverify.config import load_config
    from edgeverify.errors import ConfigError, EdgeverifyError

    try:
        from edgeverify.panel.pairing import pair as pair_with
    except ImportError:
        raise EdgeverifyError(
            "libosdp or pyserial is missing", advice="Run: pip install 'edgeverify[readers]'"
        ) from None

    loaded = load_config(config)
    wanted = loaded.settings.osdp_reader
    if not wanted.port or not wanted.key_file:
        raise ConfigError(
            f"{config} has no osdp_reader.port and osdp_reader.key_file",
            advice="Write both: where the panel is, and where its key is to lie.",
        )
    path = loaded.folder / wanted.key_file
    if path.exists() and not replace:
        raise EdgeverifyError(
            f"{path} is there already",
            advice="Add --replace, if the panel is to set another key.",
        )
    where = f"address {wanted.address} on {wanted.port}"
    complain(f"waiting up to {seconds:.0f} s for a panel to set the key of {where} ...")
    try:
        key = pair_with(wanted, patience_seconds=seconds)
    except (OSError, ValueError) as error:
        raise EdgeverifyError(
            f"{wanted.port} cannot be opened: {error}",
            advice="Stop the service, which has the port, and look at the port's name and rights.",
        ) from None
    if key is None:
        raise EdgeverifyError(
            f"no panel set a key for {where}",
            advice="Put the panel into installation mode for this reader; look at wires and speed.",
        )
    owner = (path if path.exists() else _of_the_door(loaded)).stat()
    write_whole(path, f"{key.hex()}\n".encode("ascii"))
    if os.geteuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid)
    say(f"the panel's key is in {path}")


def _of_the_door(loaded: LoadedConfig) -> Path:
    """Return what belongs to the user that the door runs as."""
    from edgeverify.cli.state import find

    folder = find(loaded, None, may_begin=True).place.folder
    return folder if folder.exists() else loaded.path
