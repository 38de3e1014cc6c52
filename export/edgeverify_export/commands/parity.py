"""`edgeverify-export parity`: every form of a network, compared on real faces."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.extras import needs_extra
from edgeverify_export.commands import options


@plain_errors
@needs_extra("evaluate")
def parity(  # noqa: PLR0913 - one parameter per option
    bundle: options.BundleFolder,
    *,
    images: options.Images,
    pairs: options.Pairs = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="The PyTorch checkpoint, to compare with it too; of a fusion or PAD: their folder."
        ),
    ] = None,
    threshold: options.Threshold = None,
    no_flips: options.NoFlips = False,
    limit: options.Limit = 1000,
    aligned: options.Aligned = False,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for parity.json and parity.png.")
    ] = Path("parity"),
    record: Annotated[
        bool, typer.Option("--record/--no-record", help="Write the figures into the bundle.")
    ] = True,
    as_json: options.AsJson = False,
) -> None:
    """Compare all forms of a network on real faces.

    PyTorch, ONNX FP32, FP16, INT8, CUDA and TensorRT, whichever exist. Fails (exit 1) below
    cosine 0.999 (FP16) or 0.99 (INT8), above 0.05 % or 0.5 % flipped decisions, and if another
    feeding separates the pairs clearly better than the stated one. A score that only
    float32 rounding put on the other side of the threshold is not a flip; too few pairs for such a
    share (2,000 or 200) are reported, with what they can show. With --aligned the pictures
    are finished chips, as the network was trained on. A fusion is compared as a whole,
    as the door compares it, and each of its networks by itself; --checkpoint is then a folder
    with their files. A liveness (PAD) bundle takes --images only: P(live) may be off by 0.01,
    and flips are counted at its operating point.

    Example: edgeverify-export parity models/mine --images lfw --pairs pairs.txt
    """
    from edgeverify.bundle.fusion import FusionBundle  # noqa: PLC0415
    from edgeverify.bundle.loading import Bundle  # noqa: PLC0415
    from edgeverify.errors import ParityError  # noqa: PLC0415
    from edgeverify.evaluation.aligned_chips import require_fitting_chips  # noqa: PLC0415
    from edgeverify.models.listing import verified  # noqa: PLC0415
    from edgeverify_export.parity.outcome import (  # noqa: PLC0415 - heavy
        Asked,
        compare_forms,
        compare_fusion,
    )
    from edgeverify_export.variants import renew  # noqa: PLC0415

    loaded = verified(bundle)
    if aligned and isinstance(loaded, Bundle):
        require_fitting_chips(images, loaded)
    asked = Asked(
        images=images,
        pairs=pairs,
        checkpoint=checkpoint,
        threshold=threshold,
        flips_needed=not no_flips,
        limit=limit,
        aligned=aligned,
    )
    fused = loaded if isinstance(loaded, FusionBundle) else None
    outcomes = (
        compare_fusion(loaded, asked)
        if isinstance(loaded, FusionBundle)
        else (compare_forms(loaded, asked),)
    )
    for number, outcome in enumerate(outcomes):
        written = outcome.write(output / outcome.name if number else output)
        if as_json:
            if not number:
                say(outcome.as_json())
            continue
        outcome.print_table()
        say(f"written: {written[0]}, {written[1]}")
    whole = outcomes[0]
    if whole.failures:
        for failure in whole.failures:
            complain(f"  {failure}")
        raise ParityError(f"parity of {whole.name} failed", advice=whole.failures[0])
    if record:
        for outcome in outcomes[1:] or outcomes:
            complain(f"  {outcome.name}: {outcome.record()}")
            if fused:
                renew(fused)
