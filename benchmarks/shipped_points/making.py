"""From pictures to the operating points of each model, and to the evidence that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.shipped_points.evidence import KeptFile, two
from benchmarks.shipped_points.material import (
    LFW_NAME,
    ONE_CAMERA_NAME,
    REPORT_FOLDS,
    TUNE_FOLDS,
    CameraLooks,
    camera_frames,
    groups_table,
    pair_list,
    pictures,
)
from benchmarks.shipped_points.one_pass import open_instruments
from edgeverify.bundle.measured_point import MeasuredPoint
from edgeverify.bundle.operating_points import OperatingPoints
from edgeverify.enrolment.photo import decode_photo, digest_of
from edgeverify.evaluation.accuracy import Job, Sources
from edgeverify.evaluation.calibrate import PHOTOS, calibrate
from edgeverify.evaluation.images.acquire import silent
from edgeverify.evaluation.images.attributes import read_attributes
from edgeverify.evaluation.images.calibration import GROUP_FACTOR
from edgeverify.evaluation.images.face_cache import FaceCache
from edgeverify.evaluation.images.material import paired_images
from edgeverify.evaluation.images.one_camera import OneCamera, before_one_camera, camera_points
from edgeverify.evaluation.images.pairs import read_pairs
from edgeverify.evaluation.images.view import Gates, view
from edgeverify.evaluation.instrument import Instrument
from edgeverify.evaluation.sides import ScoredSide, two_sides
from edgeverify.progress import counted_bar
from edgeverify.settings import Settings
from edgeverify.vision.dominance import FaceSelection


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be made, and from what; `weights` None: models that lack are fetched."""

    testdata: Path
    weights: Path | None
    cache: Path
    threads: int
    models: tuple[str, ...]
    date: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Made:
    """The points of one model, and what they rest on."""

    points: tuple[MeasuredPoint, ...]
    kept: KeptFile


def make_points(order: Order, folder: Path) -> dict[str, Made]:
    """Measure every model of the order; `folder` is for a table in between. EvaluationError."""
    table = groups_table(order.testdata, folder / "groups.csv")
    cameras = _before_cameras(order)
    made = {}
    with open_instruments(
        order.models, FaceSelection.CENTRAL, weights=order.weights, threads=order.threads
    ) as instruments:
        look_at_lfw(order, instruments)
        for name, instrument in instruments.items():
            made[name] = _of_model(order, job_of(order, instrument, table), table, cameras[name])
    return made


def job_of(order: Order, instrument: Instrument, attributes: Path | None) -> Job:
    """Return how LFW is measured with one model."""
    return Job(
        settings=Settings(),
        instrument=instrument,
        cache=order.cache,
        report_folds=REPORT_FOLDS,
        tune_folds=TUNE_FOLDS,
        attributes=attributes,
    )


def look_at_lfw(order: Order, instruments: Mapping[str, Instrument]) -> None:
    """Fill the caches of all models in one pass over LFW's pictures."""
    pairs = read_pairs(pair_list(order.testdata))
    images = paired_images(pairs, pictures(order.testdata)).images
    with ExitStack() as stack, counted_bar("looking at LFW") as progress:
        caches = {
            name: stack.enter_context(FaceCache(order.cache, instrument.key))
            for name, instrument in instruments.items()
        }
        for done, image in enumerate(images, start=1):
            content = image.path.read_bytes()
            digest = digest_of(content)
            lacking = [name for name, cache in caches.items() if cache.get(digest) is None]
            if lacking:
                rgb = decode_photo(image.path.name, content, max_megapixels=25).rgb
                for name in lacking:
                    caches[name].put(instruments[name].look(rgb, digest))
            progress(done, len(images), image.path.name)


def _before_cameras(order: Order) -> dict[str, OneCamera]:
    """Compare people before one camera, with every model."""
    with (
        open_instruments(
            order.models, FaceSelection.DOMINANT, weights=order.weights, threads=order.threads
        ) as instruments,
        ExitStack() as stack,
    ):
        looks = {
            name: CameraLooks(one, stack.enter_context(FaceCache(order.cache, one.key)))
            for name, one in instruments.items()
        }
        with counted_bar("looking at people before one camera") as progress:
            for done, frame in enumerate(camera_frames(order.testdata), start=1):
                for each in looks.values():
                    each.look(frame)
                progress(done, 0, frame.name)
        found = {}
        for name, instrument in instruments.items():
            material, attributes = looks[name].found()
            faces = view(material, Gates.off(), instrument.metric).faces
            found[name] = before_one_camera(faces, attributes, "camera")
        return found


def _of_model(order: Order, job: Job, table: Path, camera: OneCamera) -> Made:
    given = Sources(pairs=pair_list(order.testdata), images=pictures(order.testdata))
    one, other, paired = two_sides(given, None, job, name=LFW_NAME, progress=silent)
    found = calibrate(one, other, paired, job, gated=False, date=order.date)
    metric = job.instrument.metric
    sides = [
        ScoredSide.of(side, view(side.material, Gates.off(), metric), paired)
        for side in (one, other)
    ]
    single = [
        side.single(read_attributes(table, side.side.material), GROUP_FACTOR) for side in sides
    ]
    space = job.instrument.verifier.embedding_space
    elsewhere = OperatingPoints(embedding_space=space, points=found.points)
    before = camera_points(camera, elsewhere, dataset=ONE_CAMERA_NAME, date=order.date)
    return Made(
        points=(*found.points, *before),
        kept=KeptFile(
            model=job.instrument.verifier.bundle.name,
            embedding_space=space,
            single=two(single),
            several={photos: two([side.several(photos) for side in sides]) for photos in PHOTOS},
            mean=two([side.mean() for side in sides]),
        ),
    )
