"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

ConfigFile: TypeAlias = Annotated[
    Path,
    typer.Option(
        "--config", "-c", envvar="EDGEVERIFY_CONFIG", help="The door's YAML.", show_default=False
    ),
]
StateFolder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--state",
        help="The state directory. A running daemon's state comes first, then an installed "
        "service's; without this option $XDG_STATE_HOME/edgeverify/DOOR.",
        show_default=False,
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
AnyConfig: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="EDGEVERIFY_CONFIG",
        help="The door's YAML; needed only where several daemons run.",
        show_default=False,
    ),
]
DaemonState: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--state",
        help="The daemon's state directory; needed only where several run.",
        show_default=False,
    ),
]
