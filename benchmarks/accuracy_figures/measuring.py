"""The figures of one model: press photos of other people, and people before one camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.shipped_points.making import Order, job_of
from benchmarks.shipped_points.material import LFW_NAME, pair_list, pictures
from edgeverify.domain import Gate
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.accuracy import Sources
from edgeverify.evaluation.images.acquire import silent
from edgeverify.evaluation.images.acquired import Acquired
from edgeverify.evaluation.images.all_scores import AllScores, Mask, compare_all_images
from edgeverify.evaluation.images.evaluation import (
    Question,
    evaluate,
    mated_pairs,
)
from edgeverify.evaluation.images.face_cache import FaceCache
from edgeverify.evaluation.images.figures import false_matches, threshold_at
from edgeverify.evaluation.images.material import Material, NamedImage, PairedImages, material
from edgeverify.evaluation.images.view import Gates, view
from edgeverify.evaluation.instrument import Instrument
from edgeverify.evaluation.reports.transactions import judge_sequences
from edgeverify.evaluation.sides import Side, two_sides
from edgeverify.evaluation.statistics.bounds import bootstrap
from edgeverify.evaluation.transactions.runs import look_at_runs
from edgeverify.models.figures import Lost, ModelFigures, OneCamera, OneCameraPictures
from edgeverify.settings import EnrolmentSettings, QualitySettings, Settings

RATE = 1e-4
REFERENCES = (1, 3)
"""Photos a reference, before one camera."""
COVERED = frozenset({Gate.EYES_COVERED, Gate.MOUTH_COVERED})
ALL_BUT_COVERED_OFF = QualitySettings(
    min_eye_distance_pixels=10,
    min_sharpness=0,
    min_brightness=0,
    max_brightness=255,
    min_contrast=0,
    min_border_pixels=-1000,
)
"""As in the door, whether a face is covered is asked of those who look ahead."""
_SEED = 20_260_101
_DRAWS = 500


def is_covered(seen: Acquired) -> bool:
    """Return whether the gates for covered eyes and mouths refuse a picture."""
    refusal = seen.refused_by(ALL_BUT_COVERED_OFF)
    return refusal is not None and refusal.gate in COVERED


def nothing(_: Acquired) -> bool:
    """Refuse no picture."""
    return False


def is_refused_live(seen: Acquired) -> bool:
    """Return whether the door's own gates refuse a picture as a probe."""
    return seen.refused_by(QualitySettings()) is not None


def is_refused_photo(seen: Acquired) -> bool:
    """Return whether the gates refuse a picture as an ID photo."""
    gates = Gates.on(QualitySettings(), EnrolmentSettings()).reference
    return seen.refused_by(gates) is not None


Refuses = Callable[[Acquired], bool]
"""Which pictures are refused: as a probe, or as a reference."""


def figures_of(order: Order, central: Instrument, dominant: Instrument) -> ModelFigures:
    """Measure one model; on LFW the central face is meant, before a camera the dominant one."""
    if central.point is None:
        raise EvaluationError(f"{central.facts()['model']} has no threshold for {RATE:g}")
    door = central.point.threshold
    job = job_of(order, central, None)
    given = Sources(pairs=pair_list(order.testdata), images=pictures(order.testdata))
    tuning, side, paired = two_sides(given, None, job, name=LFW_NAME, progress=silent)
    if paired is None:
        raise EvaluationError("LFW is a list of pairs")
    lost: dict[str, Lost] = {}
    for name, probe, photo in (
        ("", nothing, nothing),
        ("_uncovered", is_covered, is_covered),
        ("_gated", is_refused_live, is_refused_photo),
    ):
        scores = _scores(side, paired, central, probe, photo)
        lost[f"own{name}"] = _lost(scores, threshold_at(scores, RATE))
        lost[f"door{name}"] = _lost(scores, door)
    return ModelFigures(
        accuracy=_accuracy(tuning, side, paired, central),
        one_camera={photos: _one_camera(order, dominant, photos) for photos in REFERENCES},
        pictures=_pictures(order, dominant),
        **lost,
    )


def _scores(
    side: Side, paired: PairedImages, instrument: Instrument, probe: Refuses, photo: Refuses
) -> AllScores:
    """Compare everybody; refused pictures are compared with nobody."""
    faces = view(side.material, Gates.off(), instrument.metric).faces
    faces = replace(
        faces,
        is_probe=faces.is_probe & ~_refused(side.material, probe),
        is_reference=faces.is_reference & ~_refused(side.material, photo),
    )
    mated = mated_pairs(side.material, paired, side.pairs)
    return compare_all_images(faces).with_mated(*mated)


def _refused(material: Material, refuses: Refuses) -> Mask:
    return np.array([refuses(seen) for seen in material.seen], np.bool_)


def _lost(scores: AllScores, threshold: float) -> Lost:
    made = np.isfinite(scores.mated)
    compared = replace(scores, mated=scores.mated[made], mated_people=scores.mated_people[made])
    bounds = bootstrap(compared, threshold, generator=np.random.default_rng(_SEED), draws=_DRAWS)
    return Lost(
        threshold=round(threshold, 4),
        pairs=len(scores.mated),
        refused=int((~made).sum()),
        lost=bounds.fnmr.errors,
        lower=round(bounds.fnmr.lower, 6),
        upper=round(bounds.fnmr.upper, 6),
    )


def _accuracy(tuning: Side, side: Side, paired: PairedImages, instrument: Instrument) -> float:
    """Return the accuracy on the listed pairs, at the threshold of the tuning folds' pairs."""
    found = evaluate(
        Question(
            material=side.material,
            metric=instrument.metric,
            threshold=None,
            gates=Gates.off(),
            paired=paired,
            pairs=side.pairs,
            tune=tuning.pairs,
            tune_material=tuning.material,
        )
    )
    if found.listed is None or found.listed.accuracy is None:
        raise EvaluationError("the pair list says nothing by itself")
    return round(found.listed.accuracy, 6)


def _one_camera(order: Order, instrument: Instrument, photos: int) -> OneCamera:
    with FaceCache(order.cache, instrument.key) as cache:
        report = judge_sequences(
            nuaa(order.testdata),
            instrument=instrument,
            cache=cache,
            settings=Settings(),
            table=None,
            enrol_frames=photos,
            progress=silent,
        )
    found = report.measured["gates on"]
    if found.false_accepts is None or found.false_rejects is None:
        raise EvaluationError("there was no transaction before one camera")
    accepts, rejects = found.false_accepts.over_attempts, found.false_rejects.over_attempts
    return OneCamera(
        false_accepts=accepts.errors,
        impostor_attempts=accepts.count,
        false_rejects=rejects.errors,
        mated_attempts=rejects.count,
        pairs_confused=found.false_accepts.over_people.errors,
        pairs=found.false_accepts.over_people.count,
    )


def _pictures(order: Order, instrument: Instrument) -> OneCameraPictures:
    if instrument.point is None:
        raise EvaluationError("the bundle has no threshold")
    door = instrument.point.threshold
    with FaceCache(order.cache, instrument.key) as cache:
        runs, _ = look_at_runs(nuaa(order.testdata), instrument, cache, table=None, progress=silent)
    frames = {
        Path(f"{run.name} {number}"): (run.person, seen)
        for run in runs
        for number, seen in enumerate(run.seen)
    }
    found = material(
        [NamedImage(person=person, path=path) for path, (person, _) in frames.items()],
        {path: seen for path, (_, seen) in frames.items()},
        (),
    )
    off, on = (
        compare_all_images(view(found, gates, instrument.metric).faces)
        for gates in (Gates.off(), Gates.on(QualitySettings(), EnrolmentSettings()))
    )
    return OneCameraPictures(
        people=off.people,
        false_matches=false_matches(off, door),
        non_mated=len(off.ascending),
        lost=int((off.mated < door).sum()),
        mated=len(off.mated),
        gated_false_matches=false_matches(on, door),
        gated_non_mated=len(on.ascending),
    )


def nuaa(testdata: Path) -> Path:
    """Name the folder of people before one camera, run by run."""
    return testdata / "nuaa/db/ClientRaw"
