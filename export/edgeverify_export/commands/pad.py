"""`edgeverify-export pad`: liveness networks become one PAD bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify_export.commands import options


@plain_errors
def pad(  # noqa: PLR0913 - one parameter per option
    networks: Annotated[
        list[str], typer.Argument(help="FILE=CROP: file and crop scale.", show_default=False)
    ],
    *,
    output: options.OutputFolder,
    name: options.Name = None,
    licence: options.Licence = "owner's",
    size: options.Size = None,
    statistics: options.StatisticsName = None,
    channels: options.ColourChannels = None,
    live_index: Annotated[
        int, typer.Option(help="Which output means 'a live person'.", min=0, max=15)
    ] = 1,
    fp16: options.Half = True,
) -> None:
    """Make one liveness (PAD) bundle of several networks.

    Of MiniFASNet checkpoints, or of PAD graphs in ONNX. Every network has its own crop: the
    face box, widened this many times. A checkpoint's ONNX graph is proved equal to PyTorch, and
    the FP16 graphs for GPUs to FP32. Defaults are MiniFASNet's: 80x80 BGR, 0 to 255, index 1.

    Example: edgeverify-export pad 2.7_80x80_MiniFASNetV2.pth=2.7
    4_0_0_80x80_MiniFASNetV1SE.pth=4.0 -o models/minifasnet
    """
    from edgeverify_export.extra import require_torch  # noqa: PLC0415

    sources = _sources(networks)
    if any(path.suffix != ".onnx" for path, _ in sources):
        require_torch()
    from edgeverify.models.graphs.minifasnet import FEEDING  # noqa: PLC0415 - heavy
    from edgeverify.progress import steps  # noqa: PLC0415
    from edgeverify_export.pad import PadSource, PadStatement, export_pad  # noqa: PLC0415
    from edgeverify_export.statement import Statement, statistics_of  # noqa: PLC0415

    feeding = FEEDING
    if size is not None:
        feeding = feeding.model_copy(update={"size": size})
    if statistics is not None:
        chosen = statistics_of(Statement(statistics=statistics))
        feeding = feeding.model_copy(
            update={
                "channels": chosen.channels,
                "scale": chosen.scale,
                "mean": chosen.mean,
                "std": chosen.std,
            }
        )
    if channels is not None:
        feeding = feeding.model_copy(update={"channels": channels})
    own = any(path.suffix == ".onnx" for path, _ in sources)
    statement = PadStatement(
        arch="onnx" if own else "minifasnet", feeding=feeding, live_index=live_index
    )
    with steps() as step:
        step("building and comparing")
        made = export_pad(
            tuple(PadSource(path, scale) for path, scale in sources),
            output,
            statement,
            name=name,
            licence=licence,
            half=fp16,
        )
    bundle = made.bundle
    say(f"PAD bundle {bundle.manifest.name} in {output}")
    for network in bundle.manifest.networks:
        say(f"  {network.file}, crop {network.crop_scale:g}")
    if not own:
        say(f"  PyTorch and ONNX differ by {made.difference:.2g} at most")
    for remark in made.remarks:
        say(f"  {remark}")
    points = bundle.operating_points
    if points is None:
        say("  no operating point: edgeverify evaluate-pad measures it; until then pad.threshold")
    else:
        best = points.points[0]
        say(f"  operating point: P(live) {best.threshold:g} ({best.dataset})")


def _sources(networks: list[str]) -> list[tuple[Path, float]]:
    from edgeverify.errors import ConfigError  # noqa: PLC0415

    found = []
    for entry in networks:
        file, _, scale = entry.rpartition("=")
        try:
            number = float(scale)
        except ValueError:
            number = 0.0
        if not file or not 0 < number <= 20:
            raise ConfigError(
                f"{entry!r} is not FILE=CROP",
                advice="Write it like 2.7_80x80_MiniFASNetV2.pth=2.7.",
            )
        if not Path(file).is_file():
            raise ConfigError(f"no file {file}")
        found.append((Path(file), number))
    return found
