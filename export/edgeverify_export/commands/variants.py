"""`edgeverify-export fp16` and `int8`: other precisions for a bundle that exists."""

from __future__ import annotations

from edgeverify.cli.console import plain_errors, say
from edgeverify_export.commands import options


@plain_errors
def fp16(bundle: options.BundleFolder) -> None:
    """Add the FP16 graph to a bundle.

    For example to one from `edgeverify models fetch`. A fusion or a liveness (PAD) bundle gets one
    for each of its networks.

    Example: edgeverify-export fp16 models/mobilefacenet
    """
    from edgeverify.bundle.fusion import FusionBundle  # noqa: PLC0415
    from edgeverify.bundle.loading import PadBundle  # noqa: PLC0415
    from edgeverify.models.listing import verified  # noqa: PLC0415 - heavy
    from edgeverify.progress import steps  # noqa: PLC0415
    from edgeverify_export.pad_half import add_pad_half  # noqa: PLC0415
    from edgeverify_export.variants import add_half, renew  # noqa: PLC0415

    loaded = verified(bundle)
    with steps() as step:
        step("converting")
        if isinstance(loaded, PadBundle):
            remarks = add_pad_half(loaded)[1]
        else:
            remarks = tuple(add_half(part)[1] for part in loaded.parts)
            if isinstance(loaded, FusionBundle):
                renew(loaded)
    for remark in remarks:
        say(remark)
    say("its parity: edgeverify-export parity; a signed bundle must be signed again")


@plain_errors
def int8(
    bundle: options.BundleFolder,
    *,
    images: options.Images,
    pairs: options.Pairs = None,
    threshold: options.Threshold = None,
    no_flips: options.NoFlips = False,
    limit: options.Limit = 500,
    aligned: options.Aligned = False,
) -> None:
    """Add an INT8 graph for CPUs, if it passes parity.

    It is calibrated on real faces. It has an embedding space of its own: enrol and calibrate
    again before a door uses it.

    Example: edgeverify-export int8 models/mobilefacenet --images lfw --pairs pairs.txt
    """
    from edgeverify.bundle.loading import load_bundle  # noqa: PLC0415 - heavy
    from edgeverify.progress import steps  # noqa: PLC0415
    from edgeverify_export.parity.trial import gather  # noqa: PLC0415
    from edgeverify_export.variants import add_int8  # noqa: PLC0415

    loaded = load_bundle(bundle)
    trial = gather(images, pairs, limit=limit, aligned=aligned)
    with steps() as step:
        made, attempts = add_int8(
            loaded, trial, threshold=threshold, flips_needed=not no_flips, step=step
        )
    for attempt in attempts:
        one = attempt.comparison
        flips = "not run" if one.flipped is None else f"{one.flipped} of {one.pairs}"
        verdict = "passed" if not attempt.failures else "failed"
        say(
            f"{attempt.recipe.words}: cosine {one.min_cosine:.5f} at worst, {one.mean_cosine:.5f} "
            f"on average, flipped {flips}: {verdict}"
        )
    say(f"INT8 embedding space {str(made.manifest.int8_embedding_space)[:16]}")
