"""`edgeverify verify`: two images, one score, and what it means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.options import AsJson
from edgeverify.cli.overrides import BundleName, MaxFmr, ThresholdByHand, settings_with
from edgeverify.cli.people import choosing

if TYPE_CHECKING:
    from edgeverify.domain import Embedding, OperatingPoint
    from edgeverify.errors import ConfigError
    from edgeverify.feeding.statement import Side
    from edgeverify.settings import Settings
    from edgeverify.verifier.photos import PhotoVerifier
    from edgeverify.verifier.pipeline import Pipeline

NON_MATCH = 1
NO_VERDICT = 2


@plain_errors
def verify(  # noqa: PLR0913 - one argument per option
    probe: choosing.ProbeImage,
    reference: choosing.ReferenceImage,
    *,
    bundle: BundleName = None,
    config: choosing.DoorConfig = None,
    max_fmr: MaxFmr = None,
    threshold: ThresholdByHand = None,
    percent: Annotated[
        bool,
        typer.Option(
            "--percent",
            help="Also on a scale of 0 to 100: a curve of the cosine score, not a probability.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare two images 1:1: score, threshold, its false match rate, verdict.

    Exit 0 for a match, 1 for a non-match, 2 without a verdict: they could not be compared (it
    says why), or the model has no threshold; the score is then printed alone. Quality gates are
    off; each image must show one dominant face.

    Example: edgeverify verify at-the-door.jpg id-card.jpg --bundle mobilefacenet --percent
    """
    from edgeverify.errors import EdgeverifyError

    try:
        settings, folder = settings_with(
            config, bundle=bundle, max_fmr=max_fmr, threshold=threshold
        )
        result = _compare(settings, folder, probe, reference, percent=percent)
        if config is None and result["verdict"] == "no_threshold":
            said = {key: str(result[key]) for key in ("evidence", "advice")}
            result |= {key: choosing.as_options(text) for key, text in said.items()}
    except EdgeverifyError as error:
        if as_json:
            say(_json({"verdict": "not_compared", "reason": error.problem}))
        complain(f"edgeverify: could not compare: {error.problem}")
        if error.advice:
            complain(f"  {error.advice}")
        raise typer.Exit(NO_VERDICT) from None
    if as_json:
        say(_json(result))
    else:
        _print(result)
    if result["verdict"] == "no_threshold":
        complain(f"edgeverify: no verdict: {result['evidence']}")
        complain(f"  {result['advice']}")
        raise typer.Exit(NO_VERDICT)
    if result["verdict"] != "match":
        raise typer.Exit(NON_MATCH)


def _compare(
    settings: Settings, folder: Path, probe: Path, reference: Path, *, percent: bool
) -> dict[str, object]:
    import os

    from edgeverify.comparison import score
    from edgeverify.errors import ConfigError
    from edgeverify.models.folders import models_directory
    from edgeverify.verifier.photos import open_photo_verifier

    with open_photo_verifier(settings, folder, models_directory(os.environ)) as opened:
        point, pipeline = _point(opened), opened.pipeline
        embedder = pipeline.embedder
        if percent and embedder.metric != "cosine":
            raise ConfigError(f"--percent is for cosine scores; {embedder.name} has distances")
        # argument order: probe, reference (ISO/IEC 19795-1)
        value = score(
            _embedding(pipeline, probe, settings, "probe"),
            _embedding(pipeline, reference, settings, "reference"),
            embedder.metric,
        )
    result: dict[str, object] = {
        "probe": str(probe),
        "reference": str(reference),
        "model": embedder.name,
        "metric": embedder.metric,
        "score": round(value, 6),
        **_verdict(value, point),
    }
    if percent:
        result["percent"] = round(as_percent(value), 2)
        if not isinstance(point, Exception):
            result["percent_threshold"] = round(as_percent(point.threshold), 2)
        result["percent_scale"] = PERCENT_SCALE
    return result


PERCENT_SCALE = "the owner's scale of 0 to 100, a curve of the cosine; not a probability"


def _point(opened: PhotoVerifier) -> OperatingPoint | ConfigError:
    """Choose the threshold; the reason where the model has none that fits."""
    from edgeverify.errors import ConfigError

    try:
        return opened.point()
    except ConfigError as error:
        return error


def _verdict(value: float, point: OperatingPoint | ConfigError) -> dict[str, object]:
    if isinstance(point, Exception):
        why = {"evidence": point.problem, "advice": point.advice}
        return {"threshold": None, "max_fmr": None, **why, "verdict": "no_threshold"}
    return {
        "threshold": point.threshold,
        "max_fmr": point.max_fmr,
        "evidence": point.evidence,
        "verdict": "match" if value >= point.threshold else "non_match",
    }


def as_percent(cosine: float) -> float:
    """Put a cosine on the scale that people of this model family know: 0.4 reads 90 %.

    percent = -23.71 c^2 + 49.98 c + 73.69, held to 0 to 100. Only for showing: decisions use the
    raw score. The curve is the one that users of this model family know from their own script.
    """
    return min(max(-23.71 * cosine**2 + 49.98 * cosine + 73.69, 0.0), 100.0)


def _embedding(pipeline: Pipeline, path: Path, settings: Settings, side: Side) -> Embedding:
    from edgeverify.enrolment import embed_photo

    return embed_photo(pipeline, choosing.read_photo(path, settings), side)


def _print(result: dict[str, object]) -> None:
    rate = result["max_fmr"]
    at = f"FMR {rate:g}" if isinstance(rate, float) else "no stated FMR"
    say(f"{str(result['verdict']).replace('_', '-')}")
    say(f"score      {result['score']:.4f} ({result['metric']}, {result['model']})")
    if result["threshold"] is None:
        say(f"threshold  none: {result['evidence']}")
    else:
        say(f"threshold  {result['threshold']:.4f} at {at}: {result['evidence']}")
    if "percent" in result:
        needed = result.get("percent_threshold")
        begins = "" if needed is None else f", where a match begins at {needed:.1f}"
        say(f"owner's scale  {result['percent']:.1f} of 100{begins}")
        say("               a curve of the score, for showing only: not a probability")


def _json(result: dict[str, object]) -> str:
    import json

    return json.dumps(result, ensure_ascii=False, indent=1)
