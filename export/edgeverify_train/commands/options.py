"""What several commands share: options, and what to say where the [training] extra is missing."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from edgeverify.errors import EdgeverifyError

NEEDED = ("torch", "torchvision", "timm", "pytorch_metric_learning", "schedulefree", "tensorboard")


def require_training() -> None:
    """Raise an error that says how to install it, instead of an ImportError."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise EdgeverifyError(
            f"this command needs {', '.join(missing)}",
            advice="Install the workshop: pip install 'edgeverify[training]'.",
        )


RecipeName = Annotated[
    str, typer.Argument(help="A recipe's name (`recipes` lists them), or a file.")
]
Data = Annotated[
    Path | None, typer.Option(help="Folder of aligned chips; default: the recipe's data.folder.")
]
Faces = Annotated[
    Path | None,
    typer.Option(
        "--data", help="Folder of photos or aligned chips; default: the recipe's data.folder."
    ),
]
Output = Annotated[
    Path, typer.Option("--output", "-o", help="Folder of the run; new.", show_default=False)
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", help="KEY=VALUE of the recipe: training.batch=64; repeatable."),
]
Run = Annotated[Path, typer.Argument(help="The folder that `fit` made.", show_default=False)]
