"""`edgeverify-export inspect`: everything a bundle says about itself."""

from __future__ import annotations

from edgeverify.cli.console import plain_errors, say
from edgeverify_export.commands import options


@plain_errors
def inspect(bundle: options.BundleFolder, *, as_json: options.AsJson = False) -> None:
    """Print what a bundle states, every hash verified.

    Manifest, graphs, parity figures, operating points and signature. Every hash is verified on
    the way.

    Example: edgeverify-export inspect models/mine
    """
    from edgeverify_export.describe import describe, description_json  # noqa: PLC0415 - heavy

    if as_json:
        say(description_json(bundle))
        return
    for line in describe(bundle):
        say(line)
