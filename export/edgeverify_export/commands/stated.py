"""The options that state how a network is fed, once for every command that takes a network."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, get_type_hints

from edgeverify.cli.console import say
from edgeverify_export.commands import options

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


def statement_of(  # noqa: PLR0913 - one parameter an option
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
