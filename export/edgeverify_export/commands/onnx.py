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
        Path, typer.Argument(help="PyTorch's, safetensors or dlib's.", show_default=False)
    ],
    *,
    arch: Annotated[
        str, typer.Option(help="A name of the table, or module:Class.", show_default=False)
    ],
    output: options.OutputFolder,
    batch: Annotated[
        int | None, typer.Option(help="Fix the batch; default: open.", min=1, max=64)
    ] = None,
    key: options.Key = None,
    prefix: options.Prefix = None,
    drop: options.Drop = None,
    ema: options.Ema = False,
    fp16: options.Half = True,
    name: options.Name = None,
    licence: options.Licence = "owner's",
    statement: Statement,
) -> None:
    """Turn a PyTorch checkpoint into a bundle for the door.

    The archs: siamese-efficientnetv2-b0, arcface-efficientnetv2-b0, siamese-efficientnetv2-s,
    arcface-efficientnetv2-s, siamese-vgg19, dense-grey-28, mobilefacenet, inception-resnet-v1,
    iresnet50, dlib-resnet, or module:Class for your own network. What a file is its content says,
    not its name; optimisers and losses in it are left aside and said.

    Example: edgeverify-export onnx best.pt --arch mobilefacenet -o models/mine
    """
    require_torch()
    from edgeverify.progress import steps  # noqa: PLC0415 - rich
    from edgeverify_export.checkpoint_choice import Choice  # noqa: PLC0415
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
            choice=Choice(key=key, prefix=prefix, drop=tuple(drop or ()), ema=ema),
            step=step,
        )
    say_made(made, output)
