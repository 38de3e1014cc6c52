"""The real detector and mesh, made once a process: every call of theirs stands by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeverify.domain import Face, RgbImage
from edgeverify.vision.contract import FaceDetector, FaceMesher
from edgeverify.vision.opening import FaceFinder
from tests.faces import face_finder

Photo = Callable[[str], RgbImage]
FaceOf = Callable[[RgbImage], Face]


@pytest.fixture(scope="session")
def finder() -> Iterator[FaceFinder]:
    finder = face_finder()
    yield finder
    finder.close()


@pytest.fixture(scope="session")
def detector(finder: FaceFinder) -> FaceDetector:
    return finder.detector


@pytest.fixture(scope="session")
def mesher(finder: FaceFinder) -> FaceMesher:
    return finder.mesher


@pytest.fixture(scope="session")
def photo(testdata: Path) -> Photo:
    """A press photo by its name below faces_misc/ageitgey, as RGB."""

    def read(name: str) -> RgbImage:
        picture = cv2.imread(str(testdata / "faces_misc" / "ageitgey" / name))
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)

    return read


@pytest.fixture(scope="session")
def face_of(detector: FaceDetector, mesher: FaceMesher) -> FaceOf:
    """The largest face of a picture; the test fails where there is none."""

    def find(rgb: RgbImage) -> Face:
        boxes = detector.detect(rgb)
        assert boxes
        face = mesher.mesh(rgb, max(boxes, key=lambda box: box.eye_distance))
        assert face is not None
        return face

    return find
