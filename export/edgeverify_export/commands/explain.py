"""`edgeverify-export explain`: Grad-CAM for a PyTorch checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify_export.commands import options


@plain_errors
def explain(
    bundle: options.BundleFolder,
    probe: Annotated[Path, typer.Argument(help="First photo.", show_default=False)],
    reference: Annotated[
        Path | None, typer.Argument(help="Second photo; without: the first alone.")
    ] = None,
    *,
    checkpoint: Annotated[
        Path, typer.Option(help="The checkpoint that the bundle was made from.", show_default=False)
    ],
    layer: Annotated[
        str | None, typer.Option(help="The layer to look at; default: the last with a width.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The PNG.")] = Path("explain.png"),
) -> None:
    """Draw where a pair's score comes from (Grad-CAM).

    With one photo: where its embedding comes from. A fusion's part is given by its own folder.

    Example: edgeverify-export explain models/mine a.jpg b.jpg --checkpoint best.pt
    """
    from edgeverify_export.extra import require_torch  # noqa: PLC0415

    require_torch()
    from edgeverify.bundle.loading import load_bundle  # noqa: PLC0415 - heavy
    from edgeverify_export.explain import explain_photos  # noqa: PLC0415

    photos = (probe,) if reference is None else (probe, reference)
    explained = explain_photos(load_bundle(bundle), checkpoint, photos, output, layer=layer)
    what = "length of the embedding" if reference is None else "score"
    say(f"{what} {explained.score:.4f}, Grad-CAM at {explained.layer}")
    say(f"written: {output}")
