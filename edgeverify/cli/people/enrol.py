"""`edgeverify enrol`: bring the references up to date with the config, without the daemon."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.options import AsJson, ConfigFile, StateFolder
from edgeverify.cli.reloading import reload_config, tell_people, wait_for_people
from edgeverify.how_many import how_many

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeverify.config import LoadedConfig
    from edgeverify.enrolment import EnrolmentReport
    from edgeverify.status_socket import Json

RELOAD_SECONDS = 90.0


@plain_errors
def enrol(
    config: ConfigFile,
    card: Annotated[
        str | None, typer.Argument(help="Only this card; without it everybody.", show_default=False)
    ] = None,
    *,
    state: StateFolder = None,
    as_json: AsJson = False,
) -> None:
    """Enrol everybody in the config from their photos, or one person; remove whoever has left it.

    Unchanged photos cost nothing. A running daemon does this itself at its start and when it is
    reloaded; where one runs, this tells it to and waits for it. Exit 0 when everybody has a
    reference, 1 when somebody has none (named), 78 for a broken config.

    Example: edgeverify enrol --config /etc/edgeverify/front-door.yaml 0012345
    """
    from edgeverify.config import load_config
    from edgeverify.errors import ConfigError

    loaded = load_config(config)
    if card is not None and card not in {entry.card for entry in loaded.settings.staff}:
        raise ConfigError(
            f"card {card} is not in `staff:` of {config}",
            advice="Add it there first: the config says who may come in.",
        )
    people = _by_the_daemon(loaded, state)
    if people is not None:
        if as_json:
            say(_json_of(people, card))
        tell_people(people, card, is_quiet=as_json)
        return
    report = _enrol(loaded, state, card)
    if as_json:
        say(_json(report))
    else:
        _print(report)
    if any(entry.change.value == "refused" for entry in report.entries):
        raise typer.Exit(1)


def _by_the_daemon(loaded: LoadedConfig, state: Path | None) -> Mapping[str, Json] | None:
    """Let a running daemon do it: it alone writes its state. None where none runs."""
    from edgeverify.cli.state import find
    from edgeverify.status_socket import is_running

    place = find(loaded, state, may_begin=True).place
    if not is_running(place.folder):
        return None
    return wait_for_people(place.folder, reload_config(place.folder, RELOAD_SECONDS))


def _enrol(loaded: LoadedConfig, state: Path | None, card: str | None) -> EnrolmentReport:
    import os
    from datetime import datetime, timezone

    from edgeverify.cli.people.people_state import open_people
    from edgeverify.enrolment import PhotoJudge, synchronise
    from edgeverify.models.folders import models_directory
    from edgeverify.progress import counted_bar
    from edgeverify.verifier.photos import open_photo_verifier

    now = datetime.now(timezone.utc)
    with (
        open_people(loaded, state, now=now, may_begin=True) as store,
        open_photo_verifier(loaded.settings, loaded.folder, models_directory(os.environ)) as opened,
    ):
        judge = PhotoJudge.using(opened.pipeline, point=opened.point())
        with counted_bar("enrolling") as progress:
            return synchronise(
                loaded.settings,
                loaded.folder,
                store,
                judge,
                now=now,
                progress=progress,
                only=None if card is None else {card},
            )


def _json_of(people: Mapping[str, Json], card: str | None) -> str:
    import json

    return json.dumps({"by": "daemon", "card": card, **people}, ensure_ascii=False, indent=1)


def _print(report: EnrolmentReport) -> None:
    for entry in report.entries:
        photos = f", {how_many(entry.photo_count, 'photo')}" if entry.photo_count else ""
        if entry.camera_photo_count:
            photos += f", {entry.camera_photo_count} of them of this door's camera"
        say(f"{entry.change.value:<10} {entry.label}{photos}")
    for problem in report.problems:
        complain(f"problem: {problem}")
    for warning in report.warnings:
        complain(f"warning: {warning}")
    say(report.summary)


def _json(report: EnrolmentReport) -> str:
    import json
    from dataclasses import asdict

    return json.dumps(asdict(report), ensure_ascii=False, indent=1)
