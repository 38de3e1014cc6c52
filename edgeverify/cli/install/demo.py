"""`edgeverify demo`: the whole door on real faces."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeverify.cli.console import plain_errors
from edgeverify.cli.extras import require_extra


@plain_errors
def demo(
    *,
    camera: Annotated[
        str,
        typer.Option(
            help="A webcam (0) or any camera source: you play instead of photographs.",
            show_default=False,
        ),
    ] = "",
    broker: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT",
            help="A running broker instead of the demo's own.",
            show_default=False,
        ),
    ] = "",
    model: Annotated[
        str,
        typer.Option(
            help="The model: a name or a bundle folder; without it sface.", show_default=False
        ),
    ] = "",
    folder: Annotated[Path, typer.Option(help="Where the demo writes.")] = Path("demo-output"),
) -> None:
    """Enrol two people, start the real daemon, claim, and watch the decisions come out.

    Exit code 0 when every scene ended as it must, 1 when one did not.

    Example: edgeverify demo --broker localhost:1883
    """
    import os

    if not broker:
        require_extra("demo")
    from rich.console import Console

    from edgeverify.bundle.vision_bundle import NAME as VISION
    from edgeverify.demo.broker import BrokerAddress
    from edgeverify.demo.house import House
    from edgeverify.demo.live import play_live
    from edgeverify.demo.programme import Stage, play
    from edgeverify.models.build import ensure_bundle
    from edgeverify.models.folders import cache_directory, models_directory
    from edgeverify.progress import download_bar
    from edgeverify.settings import DEFAULT_BUNDLE, ModelSettings, Settings
    from edgeverify.verifier.photos import open_photo_verifier

    models = models_directory(os.environ)
    cache = cache_directory(os.environ)
    bundle = model or DEFAULT_BUNDLE
    with download_bar() as progress:
        for name in (VISION, bundle):
            ensure_bundle(name, models, progress=progress, cache=cache)
    settings = Settings(model=ModelSettings(bundle=bundle))
    with open_photo_verifier(settings, Path(), models) as opened:
        stage = Stage(
            house=House.build(folder),
            bundle=bundle,
            pipeline=opened.pipeline,
            cache=cache,
            console=Console(),
            bar=download_bar,
            broker=BrokerAddress.parse(broker) if broker else None,
        )
        went_well = play_live(stage, camera) if camera else play(stage)
    if not went_well:
        raise typer.Exit(1)
