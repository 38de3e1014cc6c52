"""`edgeverify calibrate` without the command line: material in, operating points out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeverify.bundle.measured_point import MeasuredPoint
from edgeverify.bundle.operating_points import OperatingPoints, OperatingPointsFile
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.accuracy import Job, Sources, look_at_folder
from edgeverify.evaluation.images.acquire import Progress
from edgeverify.evaluation.images.attributes import Attributes, read_attributes
from edgeverify.evaluation.images.calibration import (
    GROUP_FACTOR,
    RATES,
    Evidence,
    choose,
    threshold_for,
)
from edgeverify.evaluation.images.material import Material, PairedImages
from edgeverify.evaluation.images.one_camera import before_one_camera, camera_points
from edgeverify.evaluation.images.view import Gates, view
from edgeverify.evaluation.sides import ScoredSide, Side, two_sides

PHOTOS = (2, 3, 5)
"""References of this many photos get thresholds of their own, where the people are enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """What came of it: points for single frames, and for means of five where there are any.

    `no_mean` says why there are none. `several` are for references of several photos, `lacking`
    says why some numbers of photos have none. `camera` are for references taken before the door's
    own camera, and then there are no others.
    """

    single: tuple[MeasuredPoint, ...]
    mean: tuple[MeasuredPoint, ...]
    no_mean: str = ""
    several: tuple[MeasuredPoint, ...] = ()
    lacking: tuple[str, ...] = ()
    camera: tuple[MeasuredPoint, ...] = ()

    @property
    def points(self) -> tuple[MeasuredPoint, ...]:
        """All of them."""
        return (*self.single, *self.several, *self.mean, *self.camera)


def calibrate(
    chosen_on: Side,
    checked_on: Side,
    paired: PairedImages | None,
    job: Job,
    *,
    gated: bool,
    date: str,
    group_factor: float = GROUP_FACTOR,
) -> Calibrated:
    """Choose on one side and check on the other; with the gates on where `gated`.

    Groups are those of `job.attributes` and look-alikes; see `Evidence` on `group_factor`.
    """
    settings = job.settings
    gates = Gates.on(settings.quality, settings.enrolment) if gated else Gates.off()
    sides = [
        ScoredSide.of(side, view(side.material, gates, job.instrument.metric), paired)
        for side in (chosen_on, checked_on)
    ]
    evidence = [side.single(_attributes(job, side.side.material), group_factor) for side in sides]
    single = choose(*evidence, date=date)
    floors = {point.fmr: point.threshold for point in single}
    several, lacking = _several_photos(sides, floors, _raised(evidence[0], single), date)
    try:
        mean = choose(
            sides[0].mean(),
            sides[1].mean(),
            date=date,
            fusion="mean5",
            rates=[rate for rate in RATES if rate in floors],
            floors=floors,
        )
    except EvaluationError as error:
        return Calibrated(
            single=single, mean=(), no_mean=error.problem, several=several, lacking=lacking
        )
    return Calibrated(single=single, mean=mean, several=several, lacking=lacking)


def measure(  # noqa: PLR0913 - what is asked on the command line
    given: Sources,
    check: Path | None,
    job: Job,
    *,
    name: str,
    gated: bool,
    date: str,
    group_factor: float,
    elsewhere: OperatingPoints | None,
    progress: Progress,
) -> Calibrated:
    """Acquire what was given, and choose thresholds on it. EvaluationError.

    With `job.camera_column` those of references taken before the door's own camera, which need the
    thresholds of pictures from `elsewhere`; else those.
    """
    if job.camera_column:
        camera = _one_camera(given, job, elsewhere, name=name, date=date, progress=progress)
        return Calibrated(single=(), mean=(), camera=camera)
    one, other, paired = two_sides(given, check, job, name=name, progress=progress)
    return calibrate(one, other, paired, job, gated=gated, date=date, group_factor=group_factor)


def _one_camera(
    given: Sources,
    job: Job,
    elsewhere: OperatingPoints | None,
    *,
    name: str,
    date: str,
    progress: Progress,
) -> tuple[MeasuredPoint, ...]:
    if given.folder is None or job.attributes is None:
        raise EvaluationError(
            "--camera-column is measured on a folder per person with --attributes",
            advice="The table has a column `image` (or `person`) and one for the camera.",
        )
    found = look_at_folder(given.folder, job, progress)
    seen = view(found, Gates.off(), job.instrument.metric)
    one = before_one_camera(seen.faces, read_attributes(job.attributes, found), job.camera_column)
    return camera_points(one, elsewhere, dataset=name, date=date)


def _attributes(job: Job, material: Material) -> Attributes | None:
    return None if job.attributes is None else read_attributes(job.attributes, material)


def _raised(evidence: Evidence, single: Sequence[MeasuredPoint]) -> dict[float, float]:
    """Return by how much groups of people raised the threshold of each rate, 0 or more."""
    plain = replace(evidence, groups=())
    return {
        point.fmr: point.threshold - (threshold_for(plain, point.fmr) or point.threshold)
        for point in single
    }


def _several_photos(
    sides: Sequence[ScoredSide],
    floors: Mapping[float, float],
    raised: Mapping[float, float],
    date: str,
) -> tuple[tuple[MeasuredPoint, ...], tuple[str, ...]]:
    """Choose for each number of photos what its people carry, never below that of fewer photos.

    Too few people have several photos to measure groups of them: what groups `raised` the
    threshold of single photos by, it is raised by here.
    """
    points: list[MeasuredPoint] = []
    lacking: list[str] = []
    least = dict(floors)
    for photos in PHOTOS:
        chosen_on, checked_on = (side.several(photos) for side in sides)
        if not len(checked_on.non_mated):
            lacking.append(f"{checked_on.dataset}: there is nobody to check them on")
            continue
        rates = [rate for rate in RATES if rate in floors]
        for rate in rates:
            plain = threshold_for(chosen_on, rate)
            if plain is not None:
                least[rate] = max(least[rate], round(plain + raised[rate], 4))
        try:
            found = choose(
                chosen_on, checked_on, date=date, photos=photos, rates=rates, floors=least
            )
        except EvaluationError as error:
            lacking.append(error.problem)
            continue
        least |= {point.fmr: point.threshold for point in found}
        points += found
    return tuple(points), tuple(lacking)


def merged(
    before: OperatingPointsFile | None,
    space: str,
    points: Sequence[MeasuredPoint],
) -> OperatingPointsFile:
    """Put new points in place of those of the same space, fusion and origin; others stay."""
    sets = () if before is None else before.sets
    replaced = frozenset((point.fusion, point.origin) for point in points)
    kept = [
        point
        for one in sets
        if one.embedding_space == space
        for point in one.points
        if (point.fusion, point.origin) not in replaced
    ]
    ours = OperatingPoints(embedding_space=space, points=(*kept, *points))
    others = tuple(one for one in sets if one.embedding_space != space)
    return OperatingPointsFile.of((ours, *others))
