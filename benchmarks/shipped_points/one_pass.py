"""Several models look at the same pictures: faces are found once for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from edgeverify.domain import Face, FaceBox, RgbImage
from edgeverify.evaluation.instrument import Instrument, open_instrument
from edgeverify.models.build import fetch_bundle
from edgeverify.models.folders import models_directory
from edgeverify.settings import DEFAULT_BUNDLE, ModelSettings, Settings
from edgeverify.vision.contract import FaceDetector, FaceMesher
from edgeverify.vision.dominance import FaceSelection

FROM_FOLDER = frozenset({"strong", "mobilefacenet"})
"""What the folder of trained models is for; the weights of the others are on the package index."""


class _Once:
    """A detector and mesher that remember the last picture they were shown."""

    def __init__(self, detector: FaceDetector, mesher: FaceMesher) -> None:
        self._detector = detector
        self._mesher = mesher
        self._boxes: tuple[RgbImage, bool, tuple[FaceBox, ...]] | None = None
        self._nearer: tuple[tuple[FaceBox, ...], float, tuple[FaceBox, ...]] | None = None
        self._face: tuple[RgbImage, FaceBox, Face | None] | None = None

    def detect(self, rgb: RgbImage, *, twice: bool = True) -> tuple[FaceBox, ...]:
        last = self._boxes
        if last is None or last[0] is not rgb or last[1] != twice:
            last = self._boxes = rgb, twice, self._detector.detect(rgb, twice=twice)
        return last[2]

    def look_nearer(
        self, rgb: RgbImage, found: tuple[FaceBox, ...], *, smallest: float
    ) -> tuple[FaceBox, ...]:
        last = self._nearer
        if last is None or last[0] is not found or last[1] != smallest:
            nearer = self._detector.look_nearer(rgb, found, smallest=smallest)
            last = self._nearer = found, smallest, nearer
        return last[2]

    def mesh(self, rgb: RgbImage, box: FaceBox) -> Face | None:
        last = self._face
        if last is None or last[0] is not rgb or last[1] is not box:
            last = self._face = rgb, box, self._mesher.mesh(rgb, box)
        return last[2]

    def follow(self, rgb: RgbImage, previous: Face) -> Face | None:
        return self._mesher.follow(rgb, previous)

    def close(self) -> None:
        self._detector.close()
        self._mesher.close()


@contextmanager
def open_instruments(
    names: Sequence[str], selection: FaceSelection, *, weights: Path | None, threads: int
) -> Iterator[dict[str, Instrument]]:
    """Open every model by name, at the door's default settings.

    One that is not installed is made, from the folder `weights` where that has it.
    """
    with ExitStack() as stack:
        opened: dict[str, Instrument] = {}
        for name in names:
            models = models_directory(os.environ)
            if name != DEFAULT_BUNDLE and not (models / name).is_dir():
                fetch_bundle(name, models, source=weights if name in FROM_FOLDER else None)
            model = ModelSettings(
                bundle=name, runtime="onnxruntime-cpu", threads=threads, accept_weak=True
            )
            settings = Settings(model=model)
            found = open_instrument(settings, Path.cwd(), os.environ, selection=selection)
            stack.callback(found.close)
            opened[name] = found
        first = opened[names[0]].pipeline
        once = _Once(first.detector, first.mesher)
        for found in opened.values():
            if found.pipeline is not first:
                found.pipeline.close()
            found.pipeline.detector, found.pipeline.mesher = once, once
        yield opened
