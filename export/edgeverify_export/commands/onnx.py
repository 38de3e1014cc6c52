"""`edgeverify-export onnx`: a checkpoint becomes a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import plain_errors
from edgeverify_export.commands import options
from edgeverify_export.commands.stated import say_made, stated
from edgeverify_export.extra import require_torch

if TYPE_CHECKING:
    from edgeverify_export.statement import Statement


@plain_errors
@stated
def onnx(  # noqa: PLR0913 - one parameter an option
    checkpoint: Annotated[
        Path, typer.Argument(help=".pt, .pth, .safetensors or dlib's .dat.", show_default=False)
    ],
    *,
    arch: Annotated[
        str, typer.Option(help="A name of the table, or module:Class.", show_default=False)
    ],
    output: options.OutputFolder,
    batch: Annotated[
        int | None, typer.Option(help="Fix the batch; default: open.", min=1, max=64)
    ] = None,
    fp16: options.Half = True,
    name: options.Name = None,
    licence: options.Licence = "owner's",
    statement: Statement,
) -> None:
    """Turn a trained PyTorch checkpoint into a bundle that the door runs.

    The archs: siamese-efficientnetv2-b0, arcface-efficientnetv2-b0, siamese-efficientnetv2-s,
    siamese-vgg19, mobilefacenet, dlib-resnet, or module:Class for your own network.

    Example: edgeverify-export onnx best.pt --arch mobilefacenet -o models/mine
    """
    require_torch()
    from edgeverify.progress import steps  # noqa: PLC0415 - rich
    from edgeverify_export.export_checkpoint import export_checkpoint  # noqa: PLC0415 - torch

    with steps() as step:
        made = export_checkpoint(
            checkpoint,
            arch,
            output,
            statement,
            name=name,
            licence=licence,
            batch=batch,
            half=fp16,
            step=step,
        )
    say_made(made, output)
