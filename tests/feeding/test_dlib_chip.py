"""face01-224 is FACE01's crop: dlib's get_face_chip(size=224, padding=0.1) from five landmarks.

`material/dlib_landmarks.json` is what dlib 20.0.1 found on 28 LFW photos (its frontal detector and
shape_predictor_5_face_landmarks); dlib itself is no dependency. Its published geometry, worked out
here from those landmarks, reproduces dlib's own chips (docs/export.md).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edgeverify_export.parity.faces import find_faces
from numpy.typing import NDArray

from edgeverify.feeding.alignment import chip_transform
from edgeverify.feeding.templates import template_named
from edgeverify.vision.dominance import FaceSelection

MATERIAL = Path(__file__).with_name("material") / "dlib_landmarks.json"
SIZE, PADDING = 224, 0.1
Matrix = NDArray[np.float64]

# dlib, image_transforms/interpolation.h: where its five landmarks are in the mean face.
MEAN_X = (0.8595674595992, 0.6460604764104, 0.1205750620789, 0.3340850613712, 0.4901123135679)
MEAN_Y = (0.2134981538014, 0.2289674387677, 0.2137274526848, 0.2290642403242, 0.6277975316475)
# The file has image left outer, left inner, right inner, right outer, nose.
FILE_ORDER = (2, 3, 1, 0, 4)


def dlibs_chip(landmarks: Matrix) -> Matrix:
    """The matrix from photo to chip: the least-squares similarity, solved as a linear system."""
    mean = np.column_stack([MEAN_X, MEAN_Y])[list(FILE_ORDER)]
    wanted = (PADDING + mean) / (2 * PADDING + 1) * SIZE
    rows, right = [], []
    for (x, y), (u, v) in zip(landmarks, wanted, strict=True):
        rows += [[x, -y, 1, 0], [y, x, 0, 1]]
        right += [u, v]
    a, b, dx, dy = np.linalg.lstsq(np.array(rows, dtype=float), np.array(right), rcond=None)[0]
    return np.array([[a, -b, dx], [b, a, dy]])


@dataclass(frozen=True)
class Beside:
    """One face: our chip relative to dlib's."""

    scale: float
    shift: Matrix
    degrees: float


def beside(ours: Matrix, dlibs: Matrix) -> Beside:
    there = np.vstack([dlibs, [0, 0, 1]])
    change = (np.vstack([ours, [0, 0, 1]]) @ np.linalg.inv(there))[:2]
    middle = np.array([SIZE / 2, SIZE / 2])
    return Beside(
        scale=float(np.sqrt(np.linalg.det(change[:, :2]))),
        shift=change[:, :2] @ middle + change[:, 2] - middle,
        degrees=float(np.degrees(np.arctan2(change[1, 0], change[0, 0]))),
    )


@pytest.fixture(scope="module")
def faces(testdata: Path) -> list[tuple[Any, Matrix]]:
    """Meshes of the photos, and dlib's chip of each."""
    known = json.loads(MATERIAL.read_text("utf-8"))["landmarks"]
    folder = testdata / "lfw" / "lfw-deepfunneled"
    paths = {folder / name[:-5] / f"{name}.jpg": points for name, points in known.items()}
    found = find_faces(tuple(paths), selection=FaceSelection.CENTRAL, show=False)
    assert len(found) >= 27
    return [(face, dlibs_chip(np.array(paths[path]))) for path, face in found.items()]


def compared(faces: list[tuple[Any, Matrix]], name: str) -> list[Beside]:
    template = template_named(name)
    return [
        beside(chip_transform(template.pick(face.mesh), template, SIZE, frame=(250, 250)), dlibs)
        for face, dlibs in faces
    ]


def test_on_real_faces_it_is_dlibs_chip(faces: list[tuple[Any, Matrix]]) -> None:
    """dlib's landmarks are whole pixels, at 44 pixels between the eyes: 2 of 224 pixels each."""
    each = compared(faces, "face01-224")
    assert 0.97 < float(np.median([one.scale for one in each])) < 1.03
    assert np.abs(np.median([one.shift for one in each], axis=0)).max() < 1.5
    assert float(np.median([abs(one.degrees) for one in each])) < 1.5
    assert max(float(np.abs(one.shift).max()) for one in each) < 12


def test_what_it_was_before_was_another_crop(faces: list[tuple[Any, Matrix]]) -> None:
    """Kept as mesh-box-224: it magnifies about 1.45 times less."""
    each = compared(faces, "mesh-box-224")
    assert 1.35 < 1 / float(np.median([one.scale for one in each])) < 1.55


def test_it_is_version_2_so_that_spaces_do_not_mix() -> None:
    assert (template_named("face01-224").version, template_named("mesh-box-224").version) == (2, 1)


def test_the_mean_shape_lands_where_dlib_puts_it() -> None:
    template = template_named("face01-224")
    assert template.kind == "points"
    mean = np.column_stack([MEAN_X, MEAN_Y])[list(FILE_ORDER)]
    assert np.allclose(template.places, (mean + PADDING) / (1 + 2 * PADDING), atol=1e-9)
