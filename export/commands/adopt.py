"""`edgeverify-export adopt`: an ONNX graph that exists becomes a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from edgeverify_export.commands import options

from edgeverify.cli.console import plain_errors, say


@plain_errors
def adopt(  # noqa: PLR0913 - one parameter an option
    model: Annotated[Path, typer.Argument(help="The ONNX file.", show_default=False)],
    *,
    output: options.OutputFolder,
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
    metric: options.Metric = "cosine",
    mirror: options.Mirror = None,
    normalise: options.Normalise = None,
) -> None:
    """Wrap an ONNX embedder that already exists, stating how it is fed. Needs no torch.

    Example: edgeverify-export adopt arcface.onnx --statistics imagenet --template face01-224
    -o models/arcface
    """
    from edgeverify_export.adopt import adopt_graph  # noqa: PLC0415 - heavy
    from edgeverify_export.progress import steps  # noqa: PLC0415
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
        made = adopt_graph(
            model, output, statement, name=name, licence=licence, half=fp16, step=step
        )
    say(f"bundle {made.bundle.manifest.name} in {output}")
    for remark in made.remarks:
        say(f"  {remark}")
    say("  feeding not verified: edgeverify-export parity --images DIR --pairs FILE checks it")
