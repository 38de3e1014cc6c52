"""`edgeverify calibrate`: thresholds for stated false match rates, with their evidence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.extras import needs_extra
from edgeverify.cli.measure.evaluate_options import (
    AlignedGiven,
    CacheFolder,
    ConfigGiven,
    FaceChosen,
    GateGiven,
    Threads,
    cache_folder,
    gates_of,
)
from edgeverify.cli.options import AsJson
from edgeverify.cli.overrides import BundleName, settings_with

if TYPE_CHECKING:
    from edgeverify.bundle.fusion import EmbedderBundle
    from edgeverify.bundle.measured_point import MeasuredPoint
    from edgeverify.bundle.operating_points import OperatingPointsFile
    from edgeverify.evaluation.calibrate import Calibrated


@plain_errors
@needs_extra("evaluate")
def calibrate(  # noqa: PLR0913 - one argument per option
    data: Annotated[
        Path | None, typer.Argument(help="A folder per person.", show_default=False)
    ] = None,
    *,
    check: Annotated[
        Path | None,
        typer.Option(help="Other people to check on; without it DATA's people are halved."),
    ] = None,
    pairs: Annotated[Path | None, typer.Option(help="A pair list in LFW's format.")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder of the images of --pairs.")] = None,
    journal: Annotated[
        Path | None,
        typer.Option(
            help="A door's state directory, or its journal: what its own people say about the "
            "thresholds, without labels. Writes nothing."
        ),
    ] = None,
    choose_folds: Annotated[str, typer.Option(help="--pairs: folds to choose on.")] = "1",
    check_folds: Annotated[str, typer.Option(help="--pairs: folds to check on.")] = "2",
    fmr: Annotated[
        float, typer.Option(help="The rate whose threshold is printed; all others are kept too.")
    ] = 1e-4,
    name: Annotated[
        str, typer.Option(help="What the evidence is called; without it the folder's name.")
    ] = "",
    attributes: Annotated[
        Path | None,
        typer.Option(
            help="CSV of image (or person) and any columns: groups that the rate must hold within."
        ),
    ] = None,
    camera_column: Annotated[
        str,
        typer.Option(
            help="The column of --attributes that names the camera: thresholds for references "
            "taken before the door's own, chosen within each."
        ),
    ] = "",
    group_factor: Annotated[
        float,
        typer.Option(help="Within a group the rate may be this many times the stated one."),
    ] = 10.0,
    with_gates: Annotated[
        bool, typer.Option("--with-gates", help="Leave out pictures that the gates refuse.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write here instead of into the bundle."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
    config: ConfigGiven = None,
    bundle: BundleName = None,
    face: FaceChosen = "dominant",
    aligned: AlignedGiven = False,
    gate: GateGiven = None,
    cache: CacheFolder = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Keep no embedding.")] = False,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Choose thresholds on some people, check them on others, write both into the bundle.

    A threshold is chosen so that the upper 95 % bound of its FMR is at most the stated rate,
    and that the rate within the most similar people, and within each group of --attributes that
    is large enough, is at most --group-factor times that. The daemon selects it by
    `decision.max_fmr`. If the data cannot carry the rate asked for, the strictest that they can
    carry is printed.

    With --aligned the pictures are finished chips, as the network was trained on.

    --journal asks a door's own journal instead: each face that was let in was compared with
    everybody else's reference, so impostors need no labels.

    Example: edgeverify calibrate staff-photos/ --check visitors/ --bundle mobilefacenet
    """
    import os
    from datetime import datetime, timezone

    from edgeverify.errors import EvaluationError
    from edgeverify.evaluation import accuracy
    from edgeverify.evaluation import calibrate as calibration
    from edgeverify.evaluation.aligned_chips import require_fitting_chips
    from edgeverify.evaluation.images.row_sense import senseless
    from edgeverify.evaluation.instrument import open_instrument
    from edgeverify.progress import counted_bar

    if journal is not None and (data, pairs) == (None, None):
        _say_live(journal, config=config, bundle=bundle, fmr=fmr, as_json=as_json)
        return
    sources = accuracy.sources(data=data, pairs=pairs, images=images, journal=journal, labels=None)
    if not 0 < fmr < 1:
        raise EvaluationError(f"--fmr {fmr:g} is not a rate between 0 and 1")
    if not group_factor >= 1:
        raise EvaluationError(f"--group-factor {group_factor:g} is below 1")
    settings, folder = settings_with(config, bundle=bundle, gates=gates_of(gate), threads=threads)
    accuracy.require_whole_pictures(
        aligned=aligned, sequences=False, journal=False, gates=with_gates or bool(gate)
    )
    instrument = open_instrument(
        settings, folder, os.environ, selection=accuracy.selection(face), aligned=aligned
    )
    job = accuracy.Job(
        settings=settings,
        instrument=instrument,
        cache=cache_folder(cache, no_cache=no_cache),
        report_folds=accuracy.folds(check_folds, "--check-folds"),
        tune_folds=accuracy.folds(choose_folds, "--choose-folds"),
        attributes=attributes,
        camera_column=accuracy.camera_column(camera_column, attributes),
    )
    source = data or images
    if aligned:
        require_fitting_chips(source, instrument.verifier.bundle)
    measured, space = instrument.verifier.bundle, instrument.verifier.embedding_space
    try:
        with counted_bar("looking at images") as progress:
            found = calibration.measure(
                sources,
                check,
                job,
                name=_evidence(name, source, aligned=aligned),
                gated=with_gates,
                date=datetime.now(tz=timezone.utc).date().isoformat(),
                group_factor=group_factor,
                elsewhere=measured.operating_points_in(space),
                progress=progress,
            )
    finally:
        instrument.close()
    file = calibration.merged(measured.points, space, found.points)
    if not dry_run:
        _write(file, measured, output)
    for line in senseless(found.points):
        complain(line)
    if as_json:
        say(file.model_dump_json(indent=1))
        return
    for line in _lines(found, fmr):
        say(line)


def _evidence(name: str, source: Path | None, *, aligned: bool) -> str:
    called = name or (Path(os.path.realpath(source)).name if source else "")
    return f"{called}, chips cut before" if aligned else called


def _write(file: OperatingPointsFile, measured: EmbedderBundle, output: Path | None) -> None:
    """Write into a file of its own, or into the bundle. EvaluationError where it cannot be."""
    from edgeverify.bundle.folder_writer import replace_file
    from edgeverify.bundle.signature import POINTS_SIGNATURE
    from edgeverify.errors import EvaluationError
    from edgeverify.models.bundle_writer import write_points

    try:
        if output is not None:
            replace_file(output, (file.model_dump_json(indent=1) + "\n").encode())
            complain(f"wrote {output}")
            return
        write_points(measured.folder, file)
    except OSError as error:
        raise EvaluationError(
            f"{output or measured.folder} cannot be written: {error.strerror}",
            advice="Name a file with --output, or run this as the owner of the bundle.",
        ) from None
    complain(f"wrote the operating points of {measured.name}, {measured.folder}")
    if (measured.folder / POINTS_SIGNATURE).exists():
        complain("  the signature over the old ones no longer fits: sign them again")


def _say_live(
    journal: Path, *, config: Path | None, bundle: str | None, fmr: float, as_json: bool
) -> None:
    """Say what a door's own journal knows of the false match rate."""
    import json
    import os

    from edgeverify.evaluation.as_json import plain
    from edgeverify.evaluation.transactions.live_fmr import live_lines, live_rows
    from edgeverify.journal.impostors import read_live
    from edgeverify.models.folders import models_directory
    from edgeverify.verifier.photos import open_photo_verifier

    settings, folder = settings_with(config, bundle=bundle)
    with open_photo_verifier(settings, folder, models_directory(os.environ)) as opened:
        space = opened.verifier.embedding_space
        points = opened.verifier.bundle.operating_points_in(space)
    found = read_live(journal / "journal.sqlite" if journal.is_dir() else journal, space)
    rows = live_rows(found, points.points if points else ())
    if as_json:
        rate = {**plain(found.rate), "fmr": found.rate.fmr, "at_most": found.rate.at_most}
        others = [{"model": name, "grants": grants} for name, grants in found.other_models]
        told = {"live": rate, "thresholds": plain(rows), "other_models": others}
        say(json.dumps(told, ensure_ascii=False, indent=1))
        return
    for line in live_lines(found, rows, fmr):
        say(line)


def _lines(found: Calibrated, fmr: float) -> list[str]:
    said = ["FMR      threshold  FNMR      false matches      on other people: FMR, FNMR"]
    if found.camera:
        carried = all(point.supported for point in found.camera)
        said.append("-- references of the door's own camera, single frames --")
        said += [_line(point) for point in found.camera]
        return said if carried else [*said, "NOT supported: too few pairs of people to carry it"]
    groups = {"single frames": found.single}
    for point in found.several:
        title = f"single frames, references of {point.photos} photos"
        groups[title] = (*groups.get(title, ()), point)
    for title, points in (*groups.items(), ("means of five", found.mean)):
        said.append(f"-- {title} --")
        said += [_line(point) for point in points]
    said += [f"not measured: {problem}" for problem in found.lacking]
    if not found.mean:
        said.append(f"none: {found.no_mean}")
    asked = [point for point in found.single if point.fmr <= fmr * (1 + 1e-9)]
    strictest = min(found.single, key=lambda point: point.fmr)
    if asked:
        best = max(asked, key=lambda point: point.fmr)
        said.append(f"threshold for FMR {fmr:g}: {best.threshold:.4f}; {best.evidence}")
        if best.caution:
            said.append(f"  thin: {best.caution}")
        said += [f"  within {group.evidence}" for group in best.groups]
    else:
        said.append(
            f"FMR {fmr:g} is not supported by this data; the strictest that is: "
            f"{strictest.fmr:g}, threshold {strictest.threshold:.4f}"
        )
    return said


def _line(point: MeasuredPoint) -> str:
    fnmr = "-" if point.fnmr is None else f"{point.fnmr:.2%}"
    checked = "-"
    if point.check is not None:
        other = "-" if point.check.fnmr is None else f"{point.check.fnmr:.2%}"
        checked = (
            f"{point.check.fmr:.2g} ({point.check.false_matches} of {point.check.non_mated:,}; "
            f"at most {point.check.fmr_upper_95:.2g}), {other}"
        )
        checked += "" if point.check.holds(point.fmr) else "  ABOVE THE RATE"
    return (
        f"{point.fmr:<8g} {point.threshold:<10.4f} {fnmr:<9} "
        f"{f'{point.false_matches} of {point.non_mated:,}':<18} {checked}"
    )
