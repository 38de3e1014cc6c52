"""`edgeverify diagnose`: a support bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.atomic_file import read_plain
from edgeverify.cli.console import plain_errors, say

if TYPE_CHECKING:
    from edgeverify.config import LoadedConfig


@plain_errors
def diagnose(
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The bundle to write (.tar.gz), a new file.")
    ] = Path("edgeverify-support.tar.gz"),
    config: Annotated[
        Path,
        typer.Option("--config", "-c", envvar="EDGEVERIFY_CONFIG", help="The door's YAML."),
    ] = Path("/etc/edgeverify/edgeverify.yaml"),
    state: Annotated[
        Path | None,
        typer.Option("--state", help="The daemon's state directory.", show_default=False),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(help="A log file, if systemd's journal has none.", show_default=False),
    ] = None,
) -> None:
    """Write a support bundle for somebody who helps you: logs, versions, settings, status.

    No picture, embedding, key or password gets into it, and people's cards and names are replaced;
    look through it all the same before you send it.

    Example: sudo edgeverify diagnose -o support.tar.gz
    """
    import os
    from datetime import datetime, timezone

    from edgeverify.config import load_config
    from edgeverify.errors import EdgeverifyError
    from edgeverify.redaction import Redactor
    from edgeverify.support_bundle import Sources, write_bundle

    if not output.name.endswith((".tar.gz", ".tgz")):
        raise EdgeverifyError(
            f"{output} is not the name of a .tar.gz file", advice="Name it FILE.tar.gz."
        )
    loaded: LoadedConfig | None = None
    problem = ""
    try:
        loaded = load_config(config)
    except EdgeverifyError as error:
        problem = str(error)
    settings = loaded.settings if loaded else None
    sources = Sources(
        settings=settings,
        settings_problem=problem,
        config=config,
        state=state,
        log=log,
        environment=os.environ,
    )
    redactor = Redactor(settings, _password(loaded) if loaded else ())
    parts = write_bundle(output, sources, redactor, at=datetime.now(timezone.utc))
    say(f"wrote {output}: {', '.join(parts)}")
    if problem:
        say(f"the config is not in it: {problem}")


def _password(loaded: LoadedConfig) -> tuple[str, ...]:
    """Return the broker's password, so that it can be cut out wherever it stands."""
    name = loaded.settings.mqtt.password_file
    places = (loaded.folder / name, loaded.folder / "credentials" / name) if name else ()
    return tuple(text for place in places if (text := _text(place)))


def _text(path: Path) -> str:
    try:
        return read_plain(path).decode().strip()
    except (OSError, UnicodeDecodeError):
        return ""
