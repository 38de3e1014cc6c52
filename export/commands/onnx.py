"""`edgeverify-export onnx`: a checkpoint becomes a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from edgeverify_export.commands import options
from edgeverify_export.extra import require_torch

from edgeverify.cli.console import plain_errors, say


@plain_errors
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
    size: options.Size = None,
    statistics: options.StatisticsName = None,
    channels: options.Channels = None,
    scale: options.Scale = None,
    mean: options.Mean = None,
    std: options.Std = None,
    resize: options.ResizeRule = "area",
    template: options.TemplateName = None,
    metric: options.Metric = None,
    mirror: options.Mirror = None,
    normalise: options.Normalise = None,
) -> None:
    """Turn a trained PyTorch checkpoint into a bundle that the door runs.

    The archs: siamese-efficientnetv2-b0, arcface-efficientnetv2-b0, siamese-efficientnetv2-s,
    siamese-vgg19, mobilefacenet, dlib-resnet, or module:Class for your own network.

    Example: edgeverify-export onnx best.pt --arch mobilefacenet -o models/mine
    """
    require_torch()
    from edgeverify_export.export_checkpoint import export_checkpoint  # noqa: PLC0415 - torch
    from edgeverify_export.progress import steps  # noqa: PLC0415 - rich
    from edgeverify_export.statement import Statement  # noqa: PLC0415

    statement = Statement(
        size=size,
        statistics=statistics,
        channels=channels,
        scale=scale,
        mean=mean,
        std=std,
        resize=resize,
        template=template,
        metric=metric,
        mirror=mirror,
        normalise=normalise,
    )
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
    manifest = made.bundle.manifest
    say(f"bundle {manifest.name} in {output}")
    say(f"  embedding space {manifest.embedding_space[:16]}, {manifest.embedding_size} values")
    for remark in made.remarks:
        say(f"  {remark}")
    say("  feeding not verified: edgeverify-export parity --images DIR --pairs FILE checks it")
    say("  no operating points: edgeverify calibrate measures them")
