"""An evaluation as lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from edgeverify.evaluation.images.attributes import AttributeRow
from edgeverify.evaluation.images.evaluation import Measured, NothingLeft
from edgeverify.evaluation.images.figures import Figures, ThresholdRow
from edgeverify.evaluation.images.one_camera import CameraRow
from edgeverify.evaluation.images.several_photos import PhotosRow
from edgeverify.evaluation.images.view import Failures
from edgeverify.evaluation.images.walk_up import WalkUp
from edgeverify.evaluation.statistics.bounds import Rate
from edgeverify.how_many import how_many


def lines(name: str, found: Measured | NothingLeft) -> Iterator[str]:
    """Yield everything about one state of the gates, one fact per line."""
    yield f"== {name} =="
    yield f"FTA {failures(found.fta)}"
    yield f"FTE {failures(found.fte)}; people without any usable reference: {found.not_enrolled}"
    if isinstance(found, NothingLeft):
        yield f"nothing left to compare: {found.problem}"
        return
    if found.listed is not None:
        listed = found.listed
        yield (
            f"pair list: {listed.mated} mated, {listed.non_mated} non-mated, "
            f"{listed.not_compared} not compared"
        )
        if listed.folds is not None:
            each = " ".join(f"{value:.2%}" for value in listed.folds.folds)
            yield (
                f"  accuracy over {len(listed.folds.folds)} folds: {listed.folds.mean:.2%} "
                f"+- {listed.folds.standard_error:.2%}  ({each})"
            )
        if listed.accuracy is not None:
            yield (
                f"  accuracy at the tuning folds' threshold {listed.threshold:.4f}: "
                f"{listed.accuracy:.2%}"
            )
        yield "listed mated pairs, all non-mated pairs of images:"
        yield from _figures(found.figures)
        yield "all against all:"
    yield from _figures(found.all_figures)
    if found.walk_up is not None:
        yield from _walk_up(found.walk_up, found.all_figures)
    yield from _photos(found.photos, found.all_figures)
    yield from _attributes(found.attributes)
    yield from (f"within {group.evidence}" for group in found.groups)
    yield from _cameras(found.cameras)


def failures(found: Failures) -> str:
    """Put a count with its reasons."""
    reasons = ", ".join(f"{gate} {count}" for gate, count in found.by_gate)
    return f"{found.rate:.2%} ({found.count} of {found.of}{': ' + reasons if reasons else ''})"


def _figures(found: Figures) -> Iterator[str]:
    yield (
        f"  {how_many(found.images, 'image')} of {how_many(found.people, 'person', 'people')}, "
        f"{found.mated:,} mated and {how_many(found.non_mated, 'non-mated comparison')} of "
        f"{how_many(found.pairs_of_people, 'pair')} of people"
    )
    yield f"  EER {found.eer:.2%}, AUC {found.auc:.6f}"
    yield "  FMR      threshold  FNMR (95 %, over people)           of compared  false matches"
    for row in found.rows:
        yield "  " + _row(row)
    if found.at_threshold is not None and found.confusion is not None:
        at, matrix = found.at_threshold, found.confusion
        yield f"  at the threshold {at.threshold:.4f}:"
        yield f"    FMR {rate(at.fmr)}, FNMR {rate(at.fnmr)}"
        yield "                 match   non-match  not compared"
        yield (
            f"    mated     {matrix.matches_of_mated:>8}  {matrix.non_matches_of_mated:>10}"
            f"  {matrix.not_compared:>12}"
        )
        yield (
            f"    non-mated {matrix.matches_of_non_mated:>8}"
            f"  {matrix.non_matches_of_non_mated:>10}             -"
        )


def _row(row: ThresholdRow) -> str:
    asked = f"{row.rate:<8g}" if row.rate is not None else "given   "
    if not row.is_supported:
        return f"{asked} not supported: too few pairs of people to bound this rate"
    compared = "-" if row.fnmr_compared is None else f"{row.fnmr_compared:.2%}"
    return (
        f"{asked} {row.threshold:<10.4f} {rate(row.fnmr):<34} {compared:<12} "
        f"{row.fmr.errors} of {row.fmr.count:,} (95 %: {row.fmr.lower:.2g} to {row.fmr.upper:.2g})"
    )


def rate(value: Rate) -> str:
    """Put a rate with its interval."""
    return f"{value.value:.2%} ({value.lower:.2%} to {value.upper:.2%})"


def _walk_up(found: WalkUp, one: Figures) -> Iterator[str]:
    yield (
        f"1:1 beside 1:N ({found.references} references, {found.probes} probes; "
        f"own reference first: {found.rank_1:.2%})"
    )
    yield "  FMR      1:1 FNMR   1:N at FMR/N: FPIR    FNIR     mistaken   FPIR were it not split"
    for row, single in zip(found.rows, one.rows, strict=True):
        first = f"{single.fnmr.value:.2%}" if single.is_supported else "not supported"
        if not row.is_supported:
            nothing = "not supported at FMR/N"
            yield f"  {row.rate:<8g} {first:<10} {nothing:<40} {row.fpir_unsplit:>12.2%}"
            continue
        yield (
            f"  {row.rate:<8g} {first:<10} {row.fpir:>18.3%} {row.fnir:>9.2%} "
            f"{row.mistaken:>10.3%} {row.fpir_unsplit:>12.2%}"
        )


def _photos(rows: tuple[PhotosRow, ...], one: Figures) -> Iterator[str]:
    if rows:
        yield (
            f"photos per reference ({rows[0].people} people with enough, {rows[0].probes} probes, "
            f"{rows[0].non_mated:,} non-mated comparisons), "
            "at the thresholds of single photos:"
        )
    for row in rows:
        each = [
            f"FNMR {at.fnmr:.2%} at {at.rate:g} (FMR {at.fmr:.2g})"
            for at, single in zip(row.at, one.rows, strict=True)
            if single.is_supported
        ]
        yield f"  {row.photos}: {', '.join(each) or 'no rate is supported'}"


def _cameras(rows: tuple[CameraRow, ...]) -> Iterator[str]:
    if rows:
        yield "by camera (one: both images of a comparison before the same camera):"
    for row in rows:
        wrong, missed = (
            "-"
            if one is None
            else f"{one.value:.2g} ({one.errors:,} of {one.count:,}, at most {one.upper:.2g})"
            for one in (row.fmr, row.fnmr)
        )
        yield f"  {row.kind}: FMR {wrong}, FNMR {missed}"


def _attributes(rows: tuple[AttributeRow, ...]) -> Iterator[str]:
    if rows:
        yield "by attribute (both images of a comparison in the group):"
    for row in rows:
        fmr = "-" if row.fmr is None else f"{row.fmr.value:.2g} (to {row.fmr.upper:.2g})"
        fnmr = "-" if row.fnmr is None else rate(row.fnmr)
        yield (
            f"  {row.attribute}={row.value}: {how_many(row.people, 'person', 'people')}, "
            f"{how_many(row.images, 'image')}, "
            f"FTA {row.fta:.1%}, FMR {fmr} of {row.non_mated:,}, FNMR {fnmr} of {row.mated:,}"
        )
