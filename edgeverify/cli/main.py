"""`edgeverify`: the commands, one module each."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from edgeverify import __version__
from edgeverify.cli.door import (
    acts,
    aim,
    claim,
    doctor,
    events,
    home_assistant,
    journal,
    operator,
    reload,
    run,
    status,
    web,
)
from edgeverify.cli.install import (
    backup,
    broker,
    demo,
    diagnose,
    downgrade_state,
    install_service,
    keys,
    models,
    panel,
)
from edgeverify.cli.measure import bench, calibrate, evaluate, evaluate_pad, report
from edgeverify.cli.native_libraries import spell_out_what_does_not_fit, use_neutral_locale
from edgeverify.cli.people import (
    average_face,
    check_config,
    enrol,
    evidence,
    explain,
    person,
    references,
    verify,
)

LONGEST_SUMMARY = 200
"""Characters; a summary is wrapped, not cut off."""


class GroupedHelp(TyperGroup):
    """Plain help whose commands stand in the groups that they are registered in.

    Typer draws groups itself only in Rich's boxes, which screen readers and pipes do not want.
    """

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer calls it so
        """Write one section per group, in the order of registration."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            if not command.hidden:
                summary = command.get_short_help_str(LONGEST_SUMMARY)
                group = getattr(command, "rich_help_panel", None) or "Commands"
                groups.setdefault(group, []).append((name, summary))
        for group, rows in groups.items():
            with formatter.section(group):
                formatter.write_dl(rows)


app = typer.Typer(
    name="edgeverify",
    help="Door-access face verification: a card says who you are, the camera checks it 1:1.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    cls=GroupedHelp,
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


DOOR, PEOPLE, MEASURE, INSTALL = "Door", "People", "Measure", "Install"

# Each command registers here: app.command("name", rich_help_panel=GROUP)(module.function), and a
# group of commands with app.add_typer(module.app, name="name", ..., cls=GroupedHelp).
app.command("run", rich_help_panel=DOOR)(run.run)
app.command("status", rich_help_panel=DOOR)(status.status)
app.command("doctor", rich_help_panel=DOOR)(doctor.doctor)
app.command("reload", rich_help_panel=DOOR)(reload.reload)
app.command("aim", rich_help_panel=DOOR)(aim.aim)
app.command("claim", rich_help_panel=DOOR)(claim.claim)
app.command("events", rich_help_panel=DOOR)(events.events)
app.add_typer(journal.app, name="journal", rich_help_panel=DOOR, cls=GroupedHelp)
app.add_typer(operator.app, name="operator", rich_help_panel=DOOR, cls=GroupedHelp)
app.command("unlock", rich_help_panel=DOOR)(acts.unlock)
app.add_typer(acts.clock, name="clock", rich_help_panel=DOOR, cls=GroupedHelp)
app.add_typer(web.app, name="web", rich_help_panel=DOOR, cls=GroupedHelp)
app.command("check-config", rich_help_panel=PEOPLE)(check_config.check_config)
app.command("enrol", rich_help_panel=PEOPLE)(enrol.enrol)
app.add_typer(references.app, name="references", rich_help_panel=PEOPLE, cls=GroupedHelp)
app.add_typer(evidence.app, name="evidence", rich_help_panel=PEOPLE, cls=GroupedHelp)
app.add_typer(person.app, name="person", rich_help_panel=PEOPLE, cls=GroupedHelp)
app.command("verify", rich_help_panel=PEOPLE)(verify.verify)
app.command("explain", rich_help_panel=PEOPLE)(explain.explain)
app.command("average-face", rich_help_panel=PEOPLE)(average_face.average_face)
app.command("bench", rich_help_panel=MEASURE)(bench.bench)
app.command("calibrate", rich_help_panel=MEASURE)(calibrate.calibrate)
app.command("evaluate", rich_help_panel=MEASURE)(evaluate.evaluate)
app.command("evaluate-pad", rich_help_panel=MEASURE)(evaluate_pad.evaluate_pad)
app.command("report", rich_help_panel=MEASURE)(report.report)
app.command("demo", rich_help_panel=INSTALL)(demo.demo)
app.add_typer(models.app, name="models", rich_help_panel=INSTALL, cls=GroupedHelp)
app.command("install-service", rich_help_panel=INSTALL)(install_service.install_service)
app.add_typer(broker.app, name="broker", rich_help_panel=INSTALL, cls=GroupedHelp)
app.add_typer(panel.app, name="panel", rich_help_panel=INSTALL, cls=GroupedHelp)
app.add_typer(home_assistant.app, name="home-assistant", rich_help_panel=INSTALL, cls=GroupedHelp)
app.add_typer(keys.app, name="keys", rich_help_panel=INSTALL, cls=GroupedHelp)
app.command("backup", rich_help_panel=INSTALL)(backup.backup)
app.command("restore", rich_help_panel=INSTALL)(backup.restore)
app.command("downgrade-state", rich_help_panel=INSTALL)(downgrade_state.downgrade_state)
app.command("diagnose", rich_help_panel=INSTALL)(diagnose.diagnose)


def main() -> None:
    """Entry point of the `edgeverify` script."""
    use_neutral_locale(os.environ)
    spell_out_what_does_not_fit()
    app()
