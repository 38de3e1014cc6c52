"""`edgeverify-export engine`: a TensorRT engine, built on the device where it will run."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify_export.commands import options


@plain_errors
def engine(
    bundle: options.BundleFolder,
    *,
    precision: Annotated[
        Literal["fp16", "fp32"], typer.Option(help="Precision of the engine.")
    ] = "fp16",
    workspace: Annotated[
        int, typer.Option(help="Memory for building, MiB.", min=64, max=1 << 20)
    ] = 1024,
    again: Annotated[
        bool, typer.Option("--again", help="Build even if a fitting engine exists.")
    ] = False,
) -> None:
    """Build, check and keep the engine for this GPU.

    Its precision and its answers are checked. Run it on the device, as the user of the door,
    for the embedder's bundle and for the liveness (PAD) bundle. Takes minutes; needs tensorrt
    and cuda-bindings, no torch. A second run finds the engine, unless GPU, driver, TensorRT or
    graph have changed.

    Example: sudo -u edgeverify edgeverify-export engine
    /var/lib/edgeverify/models/mobilefacenet
    """
    from edgeverify.models.listing import verified  # noqa: PLC0415 - heavy
    from edgeverify.progress import phase_bars  # noqa: PLC0415
    from edgeverify.runtime.tensorrt.device import CudaDevice  # noqa: PLC0415
    from edgeverify.runtime.tensorrt.library import load_tensorrt  # noqa: PLC0415
    from edgeverify_export.tensorrt.build import build_engine  # noqa: PLC0415
    from edgeverify_export.tensorrt.precision import check_engines, networks_of  # noqa: PLC0415

    loaded = verified(bundle)
    tensorrt = load_tensorrt()
    device = CudaDevice()
    try:
        complain(f"TensorRT {tensorrt.full_version} on {device.describe().gpu}")
        for network in networks_of(loaded):
            with phase_bars() as progress:
                built = build_engine(
                    network,
                    tensorrt,
                    device.describe(),
                    precision=precision,
                    workspace_mebibytes=workspace,
                    progress=progress,
                    again=again,
                )
            say(f"{network.name}: {'built' if built.fresh else 'found'}: {built.path}")
            say(f"  {built.reason}")
    finally:
        device.close()
    say(f"golden check: cosine {check_engines(loaded, tensorrt, precision):.6f}")
