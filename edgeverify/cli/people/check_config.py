"""`edgeverify check-config`: whether the service would start, and enrol everybody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say

if TYPE_CHECKING:
    from edgeverify.config import LoadedConfig
    from edgeverify.enrolment import EnrolmentReport


@plain_errors
def check_config(
    config: Annotated[Path, typer.Argument(help="The door's YAML.", show_default=False)],
    *,
    photos: Annotated[
        bool, typer.Option(help="Try the model, and every photo through it, as well.")
    ] = True,
) -> None:
    """Check a config as the service would: every key with its line, every photo, every key file.

    Prints each mistake with file, line and key; exit 78 when there is one, 0 when the service
    would start and enrol everybody. Nothing is changed.

    Example: edgeverify check-config /etc/edgeverify/front-door.yaml
    """
    import os

    from edgeverify.claims import SOURCES
    from edgeverify.config import load_config
    from edgeverify.config.cut_short import cut_short
    from edgeverify.daemon.fitness import (
        open_to_others,
        problems_of,
        unheard_duress,
        unread_numbers,
        unusable_keys,
        unused_settings,
    )

    loaded = load_config(config)
    people = len(loaded.settings.staff)
    unfit = problems_of(loaded, os.environ, SOURCES)
    problems = [str(problem) for problem in unfit]
    for line in problems:
        complain(line)
    doubts = (
        *map(str, cut_short(loaded)),
        *unheard_duress(loaded),
        *unread_numbers(loaded),
        *unused_settings(loaded),
        *unusable_keys(loaded),
    )
    for line in (*doubts, *open_to_others(loaded)):
        complain(f"warning: {line}")
    promise: tuple[str, ...] = ()
    is_model_there = not any(problem.key[:1] == ("model",) for problem in unfit)
    if photos and is_model_there:
        found, promise = _try_model_and_photos(loaded)
        for line in found:
            complain(line)
        problems += found
    if problems:
        complain(f"edgeverify: {config}: {len(problems)} to correct")
        raise typer.Exit(78)
    say(f"{config}: ok, door {loaded.settings.door!r}, {people} in staff")
    for line in (*promise, *_clocks(loaded)):
        say(f"  {line}")


def _clocks(loaded: LoadedConfig) -> list[str]:
    """Return the time where hours and dates are counted: a wrong zone is seen at once."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from edgeverify.config.time_zones import zones_used

    return [
        f"hours and dates: the clock of {zone}, where it is now "
        f"{datetime.now(ZoneInfo(zone)):%a %H:%M}"
        for zone in zones_used(loaded.settings)
    ]


def _try_model_and_photos(loaded: LoadedConfig) -> tuple[list[str], tuple[str, ...]]:
    """Open the model as the service does, and enrol everybody into a store that is thrown away.

    Returns problems, and what the door promises.
    """
    import os
    from datetime import datetime, timezone

    from edgeverify.claims import SOURCES, chosen
    from edgeverify.daemon.fitness import points
    from edgeverify.enrolment import PhotoJudge, synchronise
    from edgeverify.errors import ConfigError
    from edgeverify.models.folders import models_directory
    from edgeverify.progress import counted_bar
    from edgeverify.references import ReferenceStore
    from edgeverify.verifier.photos import open_photo_verifier
    from edgeverify.verifier.verifier import require_fit_for_a_door

    problems: list[str] = []
    promise: tuple[str, ...] = ()
    now = datetime.now(timezone.utc)
    settings = loaded.settings
    with (
        open_photo_verifier(settings, loaded.folder, models_directory(os.environ)) as opened,
        ReferenceStore.trial(now) as store,
    ):
        try:
            require_fit_for_a_door(opened.verifier.bundle, settings)
        except ConfigError as error:
            said = f"{error.problem}. {error.advice}"
            problems.append(str(loaded.problem(("model", "bundle"), said)))
        try:
            point, _ = points(settings, chosen(SOURCES, settings.claims), opened.verifier)
            promise = point.promise
        except ConfigError as error:
            # The service would not start, and yet the photos can be judged; nobody looks alike.
            problems.append(str(loaded.problem(("decision",), f"{error.problem}. {error.advice}")))
            point = None
        if not settings.staff:
            return problems, promise
        with counted_bar("trying photos") as progress:
            report = synchronise(
                settings,
                loaded.folder,
                store,
                PhotoJudge.using(opened.pipeline, point=point),
                now=now,
                progress=progress,
            )
        if point is not None:
            known = store.load(opened.verifier.embedding_space).usable.values()
            promise = (*promise, *(f"  thin: {each}" for each in point.cautions_of(known)))
    for warning in report.warnings:
        complain(f"warning: {warning}")
    return problems + _with_lines(loaded, report), promise


def _with_lines(loaded: LoadedConfig, report: EnrolmentReport) -> list[str]:
    numbers = {entry.card: number for number, entry in enumerate(loaded.settings.staff)}
    return [
        str(loaded.problem(("staff", numbers[entry.card], "photos"), f"{entry.label}: {problem}"))
        for entry in report.entries
        for problem in entry.problems
    ]
