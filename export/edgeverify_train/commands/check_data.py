"""`edgeverify-train check-data`: is a folder of faces fit to be trained on."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.extras import needs_extra


@plain_errors
@needs_extra("evaluate")
def check_data(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Folder of chips (or photos), one folder per person.", show_default=False
        ),
    ],
    *,
    against: Annotated[
        list[Path] | None,
        typer.Option(
            help="An evaluation whose people must not be trained on: a pair list, a list of "
            "names, or a folder per person; repeatable.",
            show_default=False,
        ),
    ] = None,
    min_pictures: Annotated[int, typer.Option(help="People with fewer are listed.", min=1)] = 2,
    bundle: Annotated[str, typer.Option(help="The embedder that judges.")] = "sface",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder for check.json and worst.png; default: FOLDER-check."
        ),
    ] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Keep no embedding.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Find what spoils a training: wrong labels, leakage.

    Also people under two names, pictures more than once, people with too few. Pictures are
    compared by hash and by an installed embedder's scores. Exits with 1 if one picture is under
    two people, or if somebody of an evaluation is in the folder: `fit` refuses those too.
    What only looks wrong, such as somebody of an evaluation's folder under another name, is
    listed and drawn, for a person to look at.

    Example: edgeverify-train check-data chips/ --against pairs.txt
    """
    import os  # noqa: PLC0415
    from dataclasses import replace  # noqa: PLC0415

    from edgeverify.evaluation.instrument import open_instrument  # noqa: PLC0415 - heavy
    from edgeverify.models.build import typed_bundle  # noqa: PLC0415
    from edgeverify.models.folders import cache_directory  # noqa: PLC0415
    from edgeverify.progress import counted_bar  # noqa: PLC0415
    from edgeverify.settings import Settings  # noqa: PLC0415
    from edgeverify.vision.dominance import FaceSelection  # noqa: PLC0415
    from edgeverify_train.checking import report  # noqa: PLC0415
    from edgeverify_train.checking.check import check_folder  # noqa: PLC0415
    from edgeverify_train.checking.looking import is_cut_for  # noqa: PLC0415
    from edgeverify_train.people import listed_people, read_statement  # noqa: PLC0415

    for each in against or ():
        listed_people(each)  # a mistyped one is said before the pictures are looked at
    model = {"bundle": typed_bundle(bundle), "accept_weak": True}
    settings = Settings.model_validate({"model": model})
    cut = read_statement(folder)
    instrument = open_instrument(settings, Path.cwd(), os.environ, selection=FaceSelection.CENTRAL)
    instrument = replace(instrument, aligned=is_cut_for(cut, instrument.verifier.bundle.parts))
    try:
        with counted_bar("looking at pictures") as progress:
            found = check_folder(
                folder,
                instrument,
                lists=against or (),
                min_pictures=min_pictures,
                cache=None if no_cache else cache_directory(os.environ) / "evaluation",
                progress=progress,
            )
    finally:
        instrument.close()
    target = output or folder.with_name(f"{folder.name}-check")
    written = report.write_check(found, target)
    if as_json:
        say(report.as_json(found))
    else:
        for line in report.lines(found):
            say(line)
    complain(f"wrote {written[0]}, {written[1]}")
    if found.must_mend:
        raise typer.Exit(1)
    say(f"next: edgeverify-train fit RECIPE --data {quote(str(folder))} -o RUN")
