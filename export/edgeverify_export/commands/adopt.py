"""`edgeverify-export adopt`: an ONNX graph that exists becomes a bundle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import plain_errors
from edgeverify_export.commands import options
from edgeverify_export.commands.stated import say_made, stated

if TYPE_CHECKING:
    from edgeverify_export.statement import Statement


@plain_errors
@stated
def adopt(
    model: Annotated[Path, typer.Argument(help="The ONNX file.", show_default=False)],
    *,
    output: options.OutputFolder,
    fp16: options.Half = True,
    name: options.Name = None,
    licence: options.Licence = "owner's",
    statement: Statement,
) -> None:
    """Wrap an ONNX embedder, stating how it is fed.

    Needs no torch. Compared by cosine, unless --metric says otherwise.

    Example: edgeverify-export adopt arcface.onnx --statistics imagenet --template face01-224
    -o models/arcface
    """
    from edgeverify.progress import steps  # noqa: PLC0415
    from edgeverify_export.adopt import adopt_graph  # noqa: PLC0415 - heavy

    statement = replace(statement, metric=statement.metric or "cosine")
    with steps() as step:
        made = adopt_graph(
            model, output, statement, name=name, licence=licence, half=fp16, step=step
        )
    say_made(made, output)
