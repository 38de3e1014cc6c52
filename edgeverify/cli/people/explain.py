"""`edgeverify explain`: where in two faces their score comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify.cli.extras import needs_extra
from edgeverify.cli.options import AsJson
from edgeverify.cli.overrides import BundleName, MaxFmr, ThresholdByHand, settings_with
from edgeverify.cli.people import choosing

if TYPE_CHECKING:
    from edgeverify.domain import OperatingPoint
    from edgeverify.evaluation.images.explain import ExplainedFace, Explanation
    from edgeverify.feeding.statement import Side
    from edgeverify.settings import Settings
    from edgeverify.verifier.photos import PhotoVerifier
    from edgeverify.verifier.pipeline import Pipeline, ProbeResult


@plain_errors
@needs_extra("evaluate")
def explain(  # noqa: PLR0913 - one argument per option
    probe: choosing.ProbeImage,
    reference: choosing.ReferenceImage,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The picture; it shows both faces.")
    ] = Path("explain.png"),
    bundle: BundleName = None,
    config: choosing.DoorConfig = None,
    max_fmr: MaxFmr = None,
    threshold: ThresholdByHand = None,
    patch: Annotated[
        float, typer.Option(min=0.05, max=0.5, help="Side of the patch, as a share of the chip's.")
    ] = 0.2,
    as_json: AsJson = False,
) -> None:
    """Draw where in two faces their score comes from, with the aligned chips and every figure.

    A grey patch slides over one chip while the other stays; where the score falls, the network was
    looking. Runs on the deployed model. No gate refuses; what the gates would say is shown.

    Example: edgeverify explain at-the-door.jpg id-card.jpg --bundle mobilefacenet -o why.png
    """
    import os

    from edgeverify.evaluation.images.explain import Patch, explain_pair
    from edgeverify.evaluation.pictures.explain import draw_explanation
    from edgeverify.evaluation.pictures.picture_file import require_picture_path, write_picture
    from edgeverify.models.folders import models_directory
    from edgeverify.progress import counted_bar
    from edgeverify.verifier.photos import open_photo_verifier

    require_picture_path(output)
    settings, folder = settings_with(config, bundle=bundle, max_fmr=max_fmr, threshold=threshold)
    with open_photo_verifier(settings, folder, models_directory(os.environ)) as opened:
        pipeline = opened.pipeline
        seen = (
            (probe.name, _seen(pipeline, probe, settings, "probe")),
            (reference.name, _seen(pipeline, reference, settings, "reference")),
        )
        with counted_bar("covering") as moved:
            explanation = explain_pair(
                pipeline,
                *seen,
                point=_point(opened),
                gates=settings.quality,
                patch=Patch(side=patch, step=patch / 4),
                progress=lambda done, total: moved(done, total, ""),
            )
    write_picture(output, draw_explanation(explanation))
    if as_json:
        say(_json(explanation, output))
    else:
        _print(explanation, output)


def _point(opened: PhotoVerifier) -> OperatingPoint | None:
    from edgeverify.errors import ConfigError

    try:
        return opened.point()
    except ConfigError:
        return None


def _seen(pipeline: Pipeline, path: Path, settings: Settings, side: Side) -> ProbeResult:
    from edgeverify.enrolment import probe_photo

    return probe_photo(pipeline, choosing.read_photo(path, settings), side)


def _print(explanation: Explanation, output: Path) -> None:
    from edgeverify.evaluation.pictures.explain import figure_lines, headline

    say(headline(explanation))
    for role, face in (("probe", explanation.probe), ("reference", explanation.reference)):
        say(f"{role}: {face.name}")
        for line in figure_lines(face):
            say(f"  {line}")
    say(f"picture: {output}")


def _json(explanation: Explanation, output: Path) -> str:
    import json

    point = explanation.point
    result = {
        "model": explanation.model,
        "metric": explanation.metric,
        "score": round(explanation.score, 6),
        "threshold": None if point is None else point.threshold,
        "max_fmr": None if point is None else point.max_fmr,
        "verdict": explanation.verdict,
        "probe": _figures(explanation.probe),
        "reference": _figures(explanation.reference),
        "picture": str(output),
    }
    return json.dumps(result, ensure_ascii=False, indent=1)


def _figures(face: ExplainedFace) -> dict[str, object]:
    from dataclasses import asdict

    import numpy as np

    quality, found = face.seen.quality, face.seen.face
    return {
        "image": face.name,
        "quality": None if quality is None else asdict(quality),
        "pose": None if found is None else asdict(found.pose),
        "refused_by": None if face.refusal is None else face.refusal.gate.value,
        "largest_drop": round(float(np.max(face.heat)), 6),
    }
