"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RecipeName = Annotated[
    str, typer.Argument(help="A recipe's name (`recipes` lists them), or a file.")
]
Data = Annotated[
    Path | None, typer.Option(help="Folder of aligned chips; default: the recipe's data.folder.")
]
Output = Annotated[
    Path, typer.Option("--output", "-o", help="Folder of the run; new.", show_default=False)
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", help="KEY=VALUE of the recipe: training.batch=64; repeatable."),
]
Run = Annotated[Path, typer.Argument(help="The folder that `fit` made.", show_default=False)]
