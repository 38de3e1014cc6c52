"""`edgeverify-export onnx` and `adopt`: a checkpoint, or a graph that exists, becomes a bundle.

Both state how the network is fed, by the same options.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, get_type_hints

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify_export.commands import options
from edgeverify_export.extra import require_torch

if TYPE_CHECKING:
    from edgeverify_export.assemble import Assembled
    from edgeverify_export.statement import Statement


def stated(command: Callable[..., None]) -> Callable[..., None]:
    """Add to a command the options of a `Statement`, and the `Statement` as its parameter."""
    own = inspect.signature(command, eval_str=False)
    taken = inspect.signature(statement_of)
    hints = {
        name: hint
        for function in (command, statement_of)
        for name, hint in get_type_hints(
            function, localns={"Statement": object}, include_extras=True
        ).items()
    }
    parameters = [p for p in own.parameters.values() if p.name != "statement"]
    parameters += taken.parameters.values()

    @functools.wraps(command)
    def wrapped(*args: object, **kwargs: object) -> None:
        stating = {name: kwargs.pop(name) for name in taken.parameters}
        command(*args, statement=statement_of(**stating), **kwargs)  # type: ignore[arg-type]

    resolved = [p.replace(annotation=hints[p.name]) for p in parameters]
    wrapped.__signature__ = own.replace(parameters=resolved)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {p.name: hints[p.name] for p in parameters} | {"return": None}
    return wrapped


def statement_of(  # noqa: PLR0913 - one parameter per option
    *,
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
) -> Statement:
    """Put what was written on the command line together."""
    from edgeverify_export.statement import Statement  # noqa: PLC0415 - heavy

    return Statement(
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


def say_made(made: Assembled, folder: Path) -> None:
    """Report a bundle that was made, and of what is missing before it is used at a door."""
    manifest = made.bundle.manifest
    say(f"bundle {manifest.name} in {folder}")
    say(f"  embedding space {manifest.embedding_space[:16]}, {manifest.embedding_size} values")
    for remark in made.remarks:
        say(f"  {remark}")
    say("  feeding not verified: edgeverify-export parity --images DIR --pairs FILE checks it")
    say("  no operating points: edgeverify calibrate measures them; until then decision.threshold")


@plain_errors
@stated
def onnx(  # noqa: PLR0913 - one parameter per option
    checkpoint: Annotated[
        Path, typer.Argument(help="PyTorch's, safetensors or dlib's.", show_default=False)
    ],
    *,
    arch: Annotated[
        str, typer.Option(help="A name from the list above, or module:Class.", show_default=False)
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
    iresnet50, dlib-resnet, or module:Class for your own network. The content of a file says what
    it is, not its name; optimisers and losses in it are ignored, and the command says so.

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
    if lies_in_a_run(checkpoint):
        say("  it comes out of a training run: what it learned from was not judged here, and")
        run = checkpoint.absolute().parent.parent
        say(f"  edgeverify-train export {quote(str(run))} -o BUNDLE does, with parity too")


def lies_in_a_run(checkpoint: Path) -> bool:
    """Return whether a file is a checkpoint of `edgeverify-train`, whose run knows its people."""
    folder = checkpoint.absolute().parent
    return folder.name == "checkpoints" and (folder.parent / "recipe.yaml").is_file()


@plain_errors
@stated
def adopt(
    model: Annotated[Path, typer.Argument(help="The ONNX file.", show_default=False)],
    *,
    output: options.OutputFolder,
    embedding: Annotated[
        str | None,
        typer.Option(
            help="Which value is the embedding, where the graph has several outputs or ends in a "
            "classifier.",
            show_default=False,
        ),
    ] = None,
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
            model,
            output,
            statement,
            name=name,
            licence=licence,
            half=fp16,
            embedding=embedding,
            step=step,
        )
    say_made(made, output)
