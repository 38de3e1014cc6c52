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
    reference: Annotated[Path, typer.Argument(help="Second photo.", show_default=False)],
    *,
    checkpoint: Annotated[
        Path, typer.Option(help="The checkpoint that the bundle was made of.", show_default=False)
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The PNG.")] = Path("explain.png"),
) -> None:
    """Draw where in both faces the score of a pair comes from (Grad-CAM).

    Example: edgeverify-export explain models/mine a.jpg b.jpg --checkpoint best.pt
    """
    from edgeverify_export.extra import require_torch  # noqa: PLC0415

    require_torch()
    from edgeverify.bundle.loading import load_bundle  # noqa: PLC0415 - heavy
    from edgeverify_export.explain import explain_photos  # noqa: PLC0415

    explained = explain_photos(load_bundle(bundle), checkpoint, (probe, reference), output)
    say(f"cosine {explained.score:.4f} (one chip each), Grad-CAM at {explained.layer}")
    say(f"written: {output}")
