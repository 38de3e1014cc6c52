"""`edgeverify-train`: the commands of the training stage, one module each in `commands/`."""

from __future__ import annotations

import typer

from edgeverify_train.commands.align import align
from edgeverify_train.commands.check_data import check_data
from edgeverify_train.commands.export import export
from edgeverify_train.commands.fit import distill, fit, resume
from edgeverify_train.commands.recipes import recipes

app = typer.Typer(
    name="edgeverify-train",
    help="Folders of faces become a trained embedder that a door runs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)


app.command("recipes")(recipes)
app.command("align")(align)
app.command("check-data")(check_data)
app.command("fit")(fit)
app.command("resume")(resume)
app.command("distill")(distill)
app.command("export")(export)


def main() -> None:
    """Entry point of the `edgeverify-train` script."""
    app()
