"""One run of parity over a PAD bundle, from real faces to a report."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeverify.bundle.loading import PadBundle
from edgeverify.bundle.manifest import PadManifest, Precision
from edgeverify.domain import FaceBox, Refusal, RgbImage
from edgeverify.errors import EdgeverifyError, ParityError
from edgeverify.feeding.pad_crop import crop_around_box
from edgeverify.feeding.preprocessing import Batch, feed
from edgeverify.how_many import how_many
from edgeverify.models.folders import models_directory
from edgeverify.progress import counted, download_bar
from edgeverify.runtime.session import Session
from edgeverify.settings import VisionSettings
from edgeverify.verifier.pipeline import open_face_finder
from edgeverify.vision.contract import FaceDetector
from edgeverify.vision.dominance import FaceSelection, select
from edgeverify_export.assemble import extreme_chips
from edgeverify_export.parity import pad_figures
from edgeverify_export.parity.backends import NotRun, open_all, open_liveness
from edgeverify_export.parity.faces import images_in, read_rgb
from edgeverify_export.parity.trial import Chosen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PadTrial:
    """What every form of every network is asked.

    `faces[k]` and `extremes[k]` are fed crops of network k, float32 (n, 3, size, size): real
    faces, and black, white and noise. `images` is how many pictures were looked at.
    """

    faces: tuple[Batch, ...]
    extremes: Batch
    images: int


def gather_crops(
    images: Path, manifest: PadManifest, *, limit: int = 1000, show: bool = True
) -> PadTrial:
    """Crop the largest face of each picture below a folder; ParityError where there is none."""
    paths = images_in(images, limit)
    crops: list[list[Batch]] = [[] for _ in manifest.networks]
    with download_bar() as progress:
        finder = open_face_finder(models_directory(os.environ), VisionSettings(), progress=progress)
    try:
        for path in counted(paths, "finding faces", show=show):
            found = _face(path, finder.detector)
            if found is None:
                continue
            for kept, network in zip(crops, manifest.networks, strict=True):
                kept.append(_fed(*found, manifest, network.crop_scale))
    finally:
        finder.close()
    if not crops[0]:
        raise ParityError(
            f"no face found in {len(paths)} images of {images}: nothing was compared",
            advice="Give a folder with photos of faces.",
        )
    feeding = manifest.feeding
    return PadTrial(
        faces=tuple(np.concatenate(kept) for kept in crops),
        extremes=np.concatenate([feed(chip, feeding) for chip in extreme_chips(feeding.size)]),
        images=len(paths),
    )


def _face(path: Path, detector: FaceDetector) -> tuple[RgbImage, FaceBox] | None:
    try:
        rgb = read_rgb(path)
    except (EdgeverifyError, OSError):
        return None
    height, width = rgb.shape[:2]
    boxes = detector.detect(rgb)
    box = select(boxes, FaceSelection.LARGEST, ratio=1.5, width=width, height=height)
    return None if isinstance(box, Refusal) else (rgb, box)


def _fed(rgb: RgbImage, box: FaceBox, manifest: PadManifest, crop_scale: float) -> Batch:
    crop = crop_around_box(
        rgb,
        left=box.left,
        top=box.top,
        width=box.width,
        height=box.height,
        crop_scale=crop_scale,
        size=manifest.feeding.size,
    )
    return feed(crop, manifest.feeding)


_Form = tuple[str, Precision]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PadParityReport:
    """Everything that one run found."""

    bundle: PadBundle
    trial: PadTrial
    baseline: pad_figures.PadAnswers
    answers: tuple[pad_figures.PadAnswers, ...]
    comparisons: tuple[pad_figures.PadComparison, ...]
    not_run: tuple[NotRun, ...]
    threshold: Chosen | None
    failures: tuple[str, ...]


def run_pad_parity(
    bundle: PadBundle,
    trial: PadTrial,
    *,
    checkpoints: Path | None = None,
    threshold: float | None = None,
    flips_needed: bool = True,
    show: bool = True,
) -> PadParityReport:
    """Put the same crops through every form of every network and compare with the first."""
    forms: dict[_Form, list[tuple[Batch, Batch]]] = {}
    missing: dict[str, NotRun] = {}
    for index, graph in enumerate(bundle.networks):
        for opened in open_all(graph, open_liveness(graph, checkpoints)):
            if isinstance(opened, NotRun):
                missing.setdefault(opened.name, opened)
                continue
            try:
                asked = _ask(opened, trial, index, graph.name, show=show)
                forms.setdefault((opened.name, opened.precision), []).append(asked)
            finally:
                opened.close()
    whole = [_answers(form, parts) for form, parts in forms.items() if _is_whole(parts, bundle)]
    if not whole:
        raise ParityError("no form of the networks could be run: nothing was compared")
    baseline, others = whole[0], whole[1:]
    chosen = _threshold(bundle, threshold)
    value = None if chosen is None else chosen.value
    live = bundle.manifest.live_index
    comparisons = tuple(pad_figures.compare_pad(baseline, other, live, value) for other in others)
    failures = [
        line
        for one in comparisons
        for line in pad_figures.pad_failures(one, flips_needed=flips_needed)
    ]
    if not comparisons:
        failures.append("nothing was compared: the bundle has one form only")
    if baseline.nan_count:
        failures.append(f"{baseline.name}: {how_many(baseline.nan_count, 'answer')} with NaN")
    return PadParityReport(
        bundle=bundle,
        trial=trial,
        baseline=baseline,
        answers=tuple(whole),
        comparisons=comparisons,
        not_run=tuple(missing.values()),
        threshold=chosen,
        failures=tuple(failures),
    )


def _ask(
    session: Session, trial: PadTrial, index: int, name: str, *, show: bool
) -> tuple[Batch, Batch]:
    words = f"{name}: {session.name} {session.precision}"
    crops = counted(trial.faces[index], words, show=show)
    faces = np.concatenate([session.run(crop[None]) for crop in crops])
    return faces, np.concatenate([session.run(crop[None]) for crop in trial.extremes])


def _is_whole(parts: list[tuple[Batch, Batch]], bundle: PadBundle) -> bool:
    # What only some of the networks answered says nothing of their fused answer.
    return len(parts) == len(bundle.networks)


def _answers(form: _Form, parts: list[tuple[Batch, Batch]]) -> pad_figures.PadAnswers:
    return pad_figures.PadAnswers(
        name=form[0],
        precision=form[1],
        values=tuple(faces for faces, _ in parts),
        extremes=tuple(extremes for _, extremes in parts),
    )


def _threshold(bundle: PadBundle, by_hand: float | None) -> Chosen | None:
    if by_hand is not None:
        if not 0 < by_hand <= 1:
            raise ParityError(
                f"--threshold {by_hand:g} is not above 0 and at most 1: no decision could flip",
                advice="Give one that a door could use, or leave it out.",
            )
        return Chosen(by_hand, "given by --threshold")
    points = bundle.operating_points
    if points is None or not points.points:
        return None
    return Chosen(points.points[0].threshold, "the bundle's operating point")
