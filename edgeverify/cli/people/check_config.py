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
        bool, typer.Option(help="Try every photo through the door's own model as well.")
    ] = True,
) -> None:
    """Check a config as the service would: every key with its line, every photo, every key file.

    Prints each mistake with file, line and key; exit 78 when there is one, 0 when the service
    would start and enrol everybody. Nothing is changed.

    Example: edgeverify check-config /etc/edgeverify/front-door.yaml
    """
    from edgeverify.config import load_config

    loaded = load_config(config)
    people = len(loaded.settings.staff)
    problems = _named_files(loaded)
    promise: tuple[str, ...] = ()
    if photos and people:
        found, promise = _try_photos(loaded)
        problems += found
    for line in problems:
        complain(line)
    if problems:
        complain(f"edgeverify: {config}: {len(problems)} to correct")
        raise typer.Exit(78)
    say(f"{config}: ok, door {loaded.settings.door!r}, {people} in staff")
    for line in promise:
        say(f"  {line}")


def _named_files(loaded: LoadedConfig) -> list[str]:
    """Files that the config names must be there, and secrets private."""
    import os

    from edgeverify.errors import KeyUnusableError
    from edgeverify.keys import load_master_key

    settings = loaded.settings
    problems: list[str] = []
    tls = settings.mqtt.tls
    named = {
        ("model", "owner_key_file"): settings.model.owner_key_file,
        ("mqtt", "tls", "ca_file"): tls.ca_file,
        ("mqtt", "tls", "certificate_file"): tls.certificate_file,
        ("mqtt", "tls", "key_file"): tls.key_file,
    }
    for key, name in named.items():
        if name and not os.access(loaded.folder / name, os.R_OK):
            problems.append(str(loaded.problem(key, f"cannot be read: {loaded.folder / name}")))
    if settings.keys.master_key_file:
        try:
            load_master_key(
                settings.keys.master_key_file,
                config_folder=loaded.folder,
                default=loaded.folder,
                environ=os.environ,
                may_create=False,
            )
        except KeyUnusableError as error:
            problems.append(str(loaded.problem(("keys", "master_key_file"), error.problem)))
    return problems


def _try_photos(loaded: LoadedConfig) -> tuple[list[str], tuple[str, ...]]:
    """Enrol everybody into a store that is thrown away; problems, and what the door promises."""
    import os
    import tempfile
    from datetime import datetime, timezone

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
    with (
        open_photo_verifier(loaded.settings, loaded.folder, models_directory(os.environ)) as opened,
        tempfile.TemporaryDirectory(prefix="edgeverify-") as folder,
        ReferenceStore(Path(folder) / "references.sqlite", os.urandom(32), now=now) as store,
    ):
        try:
            require_fit_for_a_door(opened.verifier.bundle, loaded.settings)
        except ConfigError as error:
            said = f"{error.problem}. {error.advice}"
            problems.append(str(loaded.problem(("model", "bundle"), said)))
        try:
            point = opened.point()
            threshold, promise = point.threshold, point.promise
        except ConfigError as error:
            # The service would not start, and yet the photos can be judged; nobody looks alike.
            problems.append(str(loaded.problem(("decision",), f"{error.problem}. {error.advice}")))
            threshold = float("inf")
        with counted_bar("trying photos") as progress:
            report = synchronise(
                loaded.settings,
                loaded.folder,
                store,
                PhotoJudge.using(opened.pipeline, threshold=threshold),
                now=now,
                progress=progress,
            )
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
