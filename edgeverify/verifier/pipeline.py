"""Observe one frame: detect, select, mesh, quality, align, embed, compare, and PAD on a match.

The door (`observe`), enrolment, verify and evaluation (`probe`) all come through here, so that
what is measured is what the door does. Bad pictures end in a refusal, never in an exception; a
broken model raises `RuntimeUnavailableError`, which the daemon turns into a denial.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from edgeverify.bundle.vision_bundle import NAME, load_vision_bundle
from edgeverify.comparison import ReferenceMatrix, compare_all
from edgeverify.domain import (
    Asked,
    Embedding,
    Face,
    FaceBox,
    Frame,
    Gate,
    HeadPose,
    LivenessCues,
    Observation,
    OperatingPoint,
    QualityFigures,
    Reason,
    Reference,
    Refusal,
    RgbImage,
)
from edgeverify.feeding.statement import Side
from edgeverify.models.build import ensure_bundle
from edgeverify.progress import Progress, silent
from edgeverify.settings import QualitySettings, VisionSettings
from edgeverify.vision.contract import FaceDetector, FaceMesher
from edgeverify.vision.dominance import FaceSelection, find_the_middle, select
from edgeverify.vision.embedder import Chips, Embedder
from edgeverify.vision.opening import DOOR, FaceFinder, Trial, open_finder
from edgeverify.vision.quality import measure, refuse
from edgeverify.vision.stopwatch import Stopwatch


class PadStage(Protocol):
    """Presentation attack detection on one frame; runs only on frames that match."""

    def live_probability(self, rgb: RgbImage, box: FaceBox, pose: HeadPose) -> float | None:
        """P(live), 0 to 1; None where this face cannot be judged (size, or turned away)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProbeResult:
    """How far one picture came: a refusal, or an embedding; and all that was seen on the way.

    `embedding` is of the side that was asked for, `reference` the same face as a reference where
    both sides were.
    """

    refusal: Refusal | None = None
    boxes: tuple[FaceBox, ...] = ()
    face: Face | None = None
    quality: QualityFigures | None = None
    chips: Chips = ()
    embedding: Embedding | None = None
    reference: Embedding | None = None
    stage_milliseconds: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if (self.refusal is None) == (self.embedding is None):
            raise ValueError("a probe is either refused or embedded")


class Pipeline:
    """The stages in order; used by one thread at a time. Remembers nothing of earlier frames."""

    def __init__(
        self,
        *,
        detector: FaceDetector,
        mesher: FaceMesher,
        embedder: Embedder,
        quality: QualitySettings,
        vision: VisionSettings,
        pad: PadStage | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`clock` gives seconds and is only read to time the stages."""
        self.detector = detector
        self.mesher = mesher
        self.embedder = embedder
        self.quality = quality
        self.vision = vision
        self.pad = pad
        self._clock = clock
        self._stacked: tuple[tuple[Reference, ...], ReferenceMatrix] | None = None

    def observe(
        self, frame: Frame, references: Sequence[Reference], point: OperatingPoint
    ) -> Observation:
        """Compare the one dominant face of `frame` with the references (several for walk-up).

        `point` has the threshold of this comparison, and the stricter ones of some references.
        ReferenceUnusableError where a reference belongs to another model; ValueError for none.
        """
        watch = Stopwatch(self._clock)
        matrix = self._matrix(references)
        seen = self._probe(frame.rgb, FaceSelection.DOMINANT, self.quality, "probe", watch)
        cues = None if seen.face is None else _cues(seen.face, seen.embedding)
        comparison = None
        if seen.embedding is not None:
            thresholds = [point.threshold_of(each) for each in references]
            comparison = compare_all(seen.embedding, matrix, threshold=thresholds)
            watch.lap("compare")
        if comparison is not None and comparison.is_match and self.pad is not None:
            cues = self._judged(frame.rgb, seen.face, cues)
            watch.lap("pad")
        return Observation(
            frame_sequence=frame.sequence,
            at=frame.captured_at,
            refusal=seen.refusal,
            comparison=comparison,
            cues=cues,
            quality=seen.quality,
            stage_milliseconds=watch.laps,
        )

    def probe(
        self,
        rgb: RgbImage,
        selection: FaceSelection = FaceSelection.DOMINANT,
        gates: QualitySettings | None = None,
        *,
        side: Side = "probe",
        both_sides: bool = False,
    ) -> ProbeResult:
        """Embed one face of a photo; `gates` None: measured, but nothing is refused for it.

        `side` says what it is to be compared as; with `both_sides` the result has both.
        """
        asked = "both" if both_sides else side
        return self._probe(rgb, selection, gates, asked, Stopwatch(self._clock))

    def look(self, frame: Frame, *, twice: bool) -> tuple[FaceBox, ...]:
        """Find all faces, for frames that do not count; `twice` as `FaceDetector.detect`."""
        return self.detector.detect(frame.rgb, twice=twice)

    def pick_up(self, frame: Frame, box: FaceBox) -> Face | None:
        """Put the mesh on a face that is then followed."""
        return self.mesher.mesh(frame.rgb, box)

    def follow(self, frame: Frame, previous: Face) -> Face | None:
        """Follow a face into the next frame without detection, for frames that do not count."""
        return self.mesher.follow(frame.rgb, previous)

    def close(self) -> None:
        """Free detector and mesher. The session and PAD's stay open: whoever opened them closes."""
        self.detector.close()
        self.mesher.close()

    def _probe(
        self,
        rgb: RgbImage,
        selection: FaceSelection,
        gates: QualitySettings | None,
        asked: Side | Literal["both"],
        watch: Stopwatch,
    ) -> ProbeResult:
        height, width = rgb.shape[:2]
        boxes = self.detector.detect(rgb)
        if selection is FaceSelection.CENTRAL:
            boxes = find_the_middle(self.detector, rgb, boxes)
        elif selection is FaceSelection.DOMINANT:
            smallest = (gates or self.quality).min_eye_distance_pixels
            boxes = self.detector.look_nearer(rgb, boxes, smallest=smallest)
        watch.lap("detect")
        chosen = select(
            boxes, selection, ratio=self.vision.dominance_ratio, width=width, height=height
        )
        if isinstance(chosen, Refusal):
            return ProbeResult(refusal=chosen, boxes=boxes, stage_milliseconds=watch.laps)
        face = self.mesher.mesh(rgb, chosen)
        watch.lap("mesh")
        if face is None:
            return ProbeResult(refusal=_MESH_LOST, boxes=boxes, stage_milliseconds=watch.laps)
        figures = measure(rgb, face)
        refusal = None if gates is None else refuse(figures, face.pose, gates)
        if refusal is None and face.eye_distance_pixels < _MIN_EYE_DISTANCE:
            refusal = _MESH_LOST
        watch.lap("quality")
        if refusal is not None:
            return ProbeResult(
                refusal=refusal,
                boxes=boxes,
                face=face,
                quality=figures,
                stage_milliseconds=watch.laps,
            )
        chips = self.embedder.align(rgb, face)
        watch.lap("align")
        reference = None
        if asked == "both":
            embedding, reference = self.embedder.embed_both_sides(chips)
        else:
            embedding = self.embedder.embed(chips, asked)
        watch.lap("embed")
        return ProbeResult(
            boxes=boxes,
            face=face,
            quality=figures,
            chips=chips,
            embedding=embedding,
            reference=reference,
            stage_milliseconds=watch.laps,
        )

    def _judged(
        self, rgb: RgbImage, face: Face | None, cues: LivenessCues | None
    ) -> LivenessCues | None:
        if face is None or cues is None or self.pad is None:
            return cues
        return replace(cues, live_probability=self.pad.live_probability(rgb, face.box, face.pose))

    def _matrix(self, references: Sequence[Reference]) -> ReferenceMatrix:
        key = tuple(references)
        if self._stacked is None or not _same(self._stacked[0], key):
            self._stacked = key, ReferenceMatrix.of(key, self.embedder.metric)
        return self._stacked[1]


# Points that fall together cannot be aligned, whatever the gates say.
_MIN_EYE_DISTANCE = 2.0
_MESH_LOST = Refusal(
    reason=Reason.NO_FACE,
    gate=Gate.MESH_LOST,
    hint=Asked.SHOW_WHOLE_FACE,
)


def _same(before: tuple[Reference, ...], now: tuple[Reference, ...]) -> bool:
    return len(before) == len(now) and all(a is b for a, b in zip(before, now, strict=True))


def _cues(face: Face, embedding: Embedding | None) -> LivenessCues:
    return LivenessCues(
        pose=face.pose,
        eye_aspect_ratio=face.eye_aspect_ratio,
        mesh=face.mesh,
        embedding=embedding,
    )


def open_face_finder(
    models: Path,
    settings: VisionSettings,
    *,
    threads: int = 1,
    trial: Trial = DOOR,
    progress: Progress = silent,
) -> FaceFinder:
    """Open detector and mesher by themselves, for what needs no embedder.

    Their bundle is made in the folder `models` where it is not there yet. BundleError or
    RuntimeUnavailableError as `open_finder`.
    """
    bundle = load_vision_bundle(ensure_bundle(NAME, models, progress=progress))
    return open_finder(bundle, settings, threads=threads, trial=trial)


def open_pipeline(
    embedder: Embedder,
    finder: FaceFinder,
    *,
    quality: QualitySettings,
    vision: VisionSettings,
    pad: PadStage | None = None,
) -> Pipeline:
    """Put the stages together; `finder` is closed with the pipeline.

    The session stays with whoever opened it, since several pipelines may share it.
    """
    return Pipeline(
        detector=finder.detector,
        mesher=finder.mesher,
        embedder=embedder,
        quality=quality,
        vision=vision,
        pad=pad,
    )
