"""`edgeverify evaluate-pad`: whether liveness holds, on an owner's own material."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify.cli.extras import needs_extra
from edgeverify.cli.options import AsJson
from edgeverify.cli.overrides import settings_with


@plain_errors
@needs_extra("evaluate")
def evaluate_pad(  # noqa: PLR0913 - one argument per option
    *,
    bona_fide: Annotated[
        list[Path], typer.Option(help="Live people: a folder, a video, or a picture.")
    ],
    attack: Annotated[
        list[str], typer.Option(help="An attack species and where it lies: print=FOLDER.")
    ],
    enrol: Annotated[
        Path | None,
        typer.Option(help="Whom the attacks imitate: a folder per person, or one picture/video."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Take the settings from a door's YAML.")
    ] = None,
    bundle: Annotated[
        str | None,
        typer.Option(help="The embedder's name or folder; without it the config's, else sface."),
    ] = None,
    pad_bundle: Annotated[
        str | None,
        typer.Option(
            help="The PAD bundle's name or folder; without it the config's, else minifasnet."
        ),
    ] = None,
    min_eye_distance: Annotated[
        float | None, typer.Option(help="The gate, in pixels; without it the setting.")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(help="P(live) to measure at; without it the setting, else the bundle's."),
    ] = None,
    window: Annotated[int, typer.Option(min=1, help="Frames of one window.")] = 5,
    windows: Annotated[
        Path | None, typer.Option(help="Write the live windows and their verdicts here (TSV).")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Write the DET curves here (PNG).")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure presentation attack detection: APCER per species, BPCER, and IAPAR at the door.

    Pictures of one folder whose names differ only in a number at the end count as one run in
    that order; a video is one run. Timed cues (challenge, blink) are not part of this.

    Example: edgeverify evaluate-pad --bona-fide live/ --attack print=prints/ --attack
    phone=replay.mp4 --enrol live/ --min-eye-distance 30 --plot det.png
    """
    import os

    from edgeverify.evaluation.attacks import attacks as evaluation
    from edgeverify.evaluation.attacks.opened import open_bench
    from edgeverify.evaluation.reports.attack_files import write_plot, write_windows
    from edgeverify.progress import counted_bar

    settings, folder = settings_with(
        config,
        bundle=bundle,
        pad_bundle=pad_bundle,
        gates={} if min_eye_distance is None else {"min_eye_distance_pixels": min_eye_distance},
        gates_option="--min-eye-distance",
    )
    material = evaluation.PadMaterial(bona_fide=tuple(bona_fide), attacks=_species(attack))
    bench = open_bench(settings, folder, os.environ, threshold=threshold)
    try:
        with counted_bar("scoring") as progress:
            scored = evaluation.score_all(
                material, bench.pipeline, bench.pad, settings.pad, progress
            )
        rule = bench.fusion(window)
        report = evaluation.report(
            scored,
            rule=rule,
            door=bench.rules,
            references=evaluation.enrol_people(enrol, bench.pipeline) if enrol else {},
            pad_bundle=bench.pad.manifest.name,
            pipeline=bench.pipeline,
        )
    finally:
        bench.close()
    if plot is not None:
        write_plot(plot, scored, rule)
    if windows is not None:
        write_windows(windows, scored, rule)
    if as_json:
        import json

        say(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
        return
    for line in report.lines():
        say(line)


def _species(given: list[str]) -> dict[str, tuple[Path, ...]]:
    from edgeverify.errors import EvaluationError

    found: dict[str, tuple[Path, ...]] = {}
    for one in given:
        species, equals, path = one.partition("=")
        if not equals or not species or not path:
            raise EvaluationError(
                f"--attack {one!r} names no species", advice="Write it like print=FOLDER."
            )
        found[species] = (*found.get(species, ()), Path(path))
    return found
