"""`edgeverify`: the commands, one module each."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeverify import __version__
from edgeverify.cli.door import acts, aim, claim, doctor, events, journal, reload, run, status
from edgeverify.cli.install import (
    backup,
    demo,
    diagnose,
    downgrade_state,
    install_service,
    keys,
    models,
)
from edgeverify.cli.measure import bench, calibrate, evaluate, evaluate_pad, report
from edgeverify.cli.people import average_face, check_config, enrol, explain, references, verify

app = typer.Typer(
    name="edgeverify",
    help="Door-access face verification: a card says who you are, the camera checks it 1:1.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgeverify {__version__}")
        raise typer.Exit


@app.callback()
def edgeverify(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Door-access face verification: a card says who you are, the camera checks it 1:1."""


# Each command registers here: app.command("name")(module.function)
app.command("run")(run.run)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)
app.command("check-config")(check_config.check_config)
app.command("enrol")(enrol.enrol)
app.add_typer(references.app, name="references")
app.command("verify")(verify.verify)
app.add_typer(keys.app, name="keys")
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(models.app, name="models")
app.command("aim")(aim.aim)
app.command("bench")(bench.bench)
app.command("status")(status.status)
app.command("reload")(reload.reload)
app.command("diagnose")(diagnose.diagnose)
app.command("downgrade-state")(downgrade_state.downgrade_state)
app.command("install-service")(install_service.install_service)
app.command("claim")(claim.claim)
app.command("events")(events.events)
app.add_typer(journal.app, name="journal")
app.command("unlock")(acts.unlock)
app.add_typer(acts.clock, name="clock")
app.command("calibrate")(calibrate.calibrate)
app.command("evaluate")(evaluate.evaluate)
app.command("evaluate-pad")(evaluate_pad.evaluate_pad)
app.command("explain")(explain.explain)
app.command("average-face")(average_face.average_face)
app.command("report")(report.report)


def main() -> None:
    """Entry point of the `edgeverify` script."""
    app()
