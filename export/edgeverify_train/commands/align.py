"""`edgeverify-train align`: photos become the chips that a network is trained on."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.how_many import how_many

if TYPE_CHECKING:
    from edgeverify_train.aligning.align import Aligned

_SHOWN = 20


@plain_errors
def align(  # noqa: PLR0913 - one parameter per option
    photos: Annotated[
        Path, typer.Argument(help="A folder per person, with photos.", show_default=False)
    ],
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the chips.", show_default=False)
    ],
    recipe: Annotated[
        str | None,
        typer.Option(help="Cut as this recipe trains: its name, or its file.", show_default=False),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(
            help="Alignment: arcface-112, face01-224, dlib-150, intel-128, mtcnn-160, "
            "mesh-box-224, or a FILE that states it.",
            show_default=False,
        ),
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="Side of the chips in pixels.", min=16, max=1024)
    ] = None,
    face: Annotated[
        Literal["dominant", "central", "largest"],
        typer.Option(help="Which of several faces; dominant: none where two are of like size."),
    ] = "dominant",
    unlabelled: Annotated[
        bool, typer.Option("--unlabelled", help="Faces of nobody in particular, for `distill`.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="Processes; default: one per core.", min=1, max=256)
    ] = None,
    soft_celsius: Annotated[
        float | None,
        typer.Option(
            help="Wait while a CPU or GPU sensor is above this; default: its trip point, or 72.",
            min=30,
            max=120,
        ),
    ] = None,
) -> None:
    """Cut every photo's face as the door cuts it.

    On every core, a folder per person. The aspect is kept, unless the template itself
    stretches. The same command continues an interrupted run. Photos without a chip
    are listed with the reason, here and in aligned.csv beside the chips; aligned.json says how
    they were cut, and `fit` refuses any other template.

    Example: edgeverify-train align photos/ -o chips/ --recipe siamese-triplet --face central
    """
    import os  # noqa: PLC0415
    import time  # noqa: PLC0415

    from edgeverify.models.build import ensure_bundle  # noqa: PLC0415 - heavy
    from edgeverify.models.folders import models_directory  # noqa: PLC0415
    from edgeverify.progress import counted_bar, download_bar  # noqa: PLC0415
    from edgeverify.thermal import Sensors  # noqa: PLC0415
    from edgeverify.vision.dominance import FaceSelection  # noqa: PLC0415
    from edgeverify_train.aligning.align import align_folder  # noqa: PLC0415
    from edgeverify_train.aligning.cutting import VISION, Cut  # noqa: PLC0415
    from edgeverify_train.aligning.heat import CoolDown  # noqa: PLC0415
    from edgeverify_train.chip_statement import chips_of  # noqa: PLC0415
    from edgeverify_train.recipe import load_recipe  # noqa: PLC0415

    chosen = None if recipe is None else load_recipe(recipe)
    found, side = chips_of(chosen, template, size)
    cut = Cut(
        output=output, template=found, size=side, resize="area", face=FaceSelection(face)
    )  # fmt: skip
    with download_bar() as downloading:
        ensure_bundle(VISION, models_directory(os.environ), progress=downloading)
    cool_down = CoolDown(
        Sensors().read, soft_celsius=soft_celsius, clock=time.monotonic, pause=time.sleep
    )
    with counted_bar("cutting chips") as progress:
        aligned = align_folder(
            photos,
            cut,
            unlabelled=unlabelled or (chosen is not None and chosen.data.unlabelled),
            workers=workers or len(os.sched_getaffinity(0)),
            cool_down=cool_down,
            progress=progress,
            say=complain,
        )
    _report(aligned, output, f"{found.name}, {side} pixels", recipe)


def _report(aligned: Aligned, output: Path, how: str, recipe: str | None) -> None:
    before = f", {aligned.kept} of them before" if aligned.kept else ""
    made, of = how_many(aligned.chips, "chip"), how_many(aligned.people, "person", "people")
    say(f"{made} of {of} in {output}{before}: {how}")
    if aligned.paused_seconds:
        say(f"  waited {aligned.paused_seconds:.0f} s for the machine to cool down")
    if aligned.small:
        say(f"  {aligned.small} of them from faces with less than 20 pixels between the eyes")
    if aligned.gone:
        gone = how_many(len(aligned.gone), "chip has", "chips have")
        say(f"  {gone} no photo any more, {aligned.gone[0]} among them")
    if aligned.failures:
        say(f"  {how_many(len(aligned.failures), 'photo')} gave no chip:")
        for row in aligned.failures[:_SHOWN]:
            say(f"    {row.photo}: {row.problem}")
        if len(aligned.failures) > _SHOWN:
            say(f"    and {len(aligned.failures) - _SHOWN} more, in {output / 'aligned.csv'}")
    if not aligned.chips:
        complain("edgeverify: not one photo gave a chip")
        raise typer.Exit(1)
    chips = quote(str(output))
    say(f"next: edgeverify-train check-data {chips}")
    if recipe is not None:
        say(f"then: edgeverify-train fit {quote(recipe)} --data {chips} -o RUN")
