"""The one place where detector and mesher are made."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import cv2

from edgeverify.bundle.manifest import GOLDEN_FILE
from edgeverify.bundle.vision_bundle import DETECTOR_FILE, MESH_FILE, VisionBundle
from edgeverify.runtime.litert import LiteRtNetwork
from edgeverify.settings import VisionSettings
from edgeverify.vision.contract import FaceDetector, FaceMesher
from edgeverify.vision.detector import FullRangeDetector
from edgeverify.vision.golden import MIN_CONFIDENCE, check_vision
from edgeverify.vision.mesh import MARGIN, SquareMesher

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a benchmark may do without, to measure what it wins; the door's is the default."""

    second_look: bool = True
    passes: int = 2
    margin: float = MARGIN


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceFinder:
    """A detector and a mesher that passed the bundle's golden check; used by one thread at a time.

    `golden_pixels` is how far the worst golden point was from MediaPipe's own.
    """

    detector: FaceDetector
    mesher: FaceMesher
    golden_pixels: float

    def close(self) -> None:
        """Release both networks; a second call does nothing."""
        self.detector.close()
        self.mesher.close()


DOOR = Trial()


def open_finder(
    bundle: VisionBundle, settings: VisionSettings, *, threads: int = 1, trial: Trial = DOOR
) -> FaceFinder:
    """Make both and run the golden check.

    `threads` are those of each network's arithmetic and of OpenCV. More than one wins a
    millisecond on an idle machine, and loses seconds per frame on a busy one: threads wait for
    each other actively (docs/performance.md). BundleError where the answers are others than the
    bundle's, RuntimeUnavailableError where LiteRT cannot be loaded.
    """
    cv2.setNumThreads(threads)
    finding = LiteRtNetwork(bundle.file(DETECTOR_FILE), name=DETECTOR_FILE, threads=threads)
    meshing = LiteRtNetwork(bundle.file(MESH_FILE), name=MESH_FILE, threads=threads)
    pixels = check_vision(
        bundle.file(GOLDEN_FILE),
        FullRangeDetector(finding, min_confidence=MIN_CONFIDENCE),
        SquareMesher(meshing),
    )
    LOG.debug("vision ready, golden points at most %.3f pixels off", pixels)
    return FaceFinder(
        detector=FullRangeDetector(
            finding,
            min_confidence=settings.min_detection_confidence,
            second_look=trial.second_look,
        ),
        mesher=SquareMesher(meshing, passes=trial.passes, margin=trial.margin),
        golden_pixels=pixels,
    )
