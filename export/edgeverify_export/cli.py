"""`edgeverify-export`: the workshop's commands, one module each in `commands/`."""

from __future__ import annotations

import typer

from edgeverify_export.commands.engine import engine
from edgeverify_export.commands.explain import explain
from edgeverify_export.commands.inspect import inspect
from edgeverify_export.commands.onnx import adopt, onnx
from edgeverify_export.commands.pad import pad
from edgeverify_export.commands.parity import parity
from edgeverify_export.commands.signing import keygen, sign, verify
from edgeverify_export.commands.variants import fp16, int8

app = typer.Typer(
    name="edgeverify-export",
    help="Trained PyTorch embedders become verified bundles, and engines on the device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
app.command("onnx")(onnx)
app.command("adopt")(adopt)
app.command("fp16")(fp16)
app.command("int8")(int8)
app.command("parity")(parity)
app.command("engine")(engine)
app.command("pad")(pad)
app.command("explain")(explain)
app.command("inspect")(inspect)
app.command("keygen")(keygen)
app.command("sign")(sign)
app.command("verify")(verify)


def main() -> None:
    """Entry point of the `edgeverify-export` script."""
    app()
