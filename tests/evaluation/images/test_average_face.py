"""`edgeverify average-face`: a sharp mean face says that the alignment is good."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeverify.bundle.loading import load_bundle
from edgeverify.bundle.manifest import Manifest
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.average_face import average_face, images_below
from edgeverify.vision.contract import FaceDetector, FaceMesher
from edgeverify.vision.dominance import FaceSelection
from tests.enrolment.real_model import write_mobilefacenet
from tests.evaluation.faces import BIDEN, OBAMA, OBAMA_AGAIN, run
from tests.faces import face_finder


@pytest.fixture(scope="module")
def bundle(trained_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "mobilefacenet"
    write_mobilefacenet(folder, trained_models)
    return folder


@pytest.fixture(scope="module")
def manifest(bundle: Path) -> Manifest:
    return load_bundle(bundle).manifest


@pytest.fixture(scope="module")
def eyes() -> Iterator[tuple[FaceDetector, FaceMesher]]:
    finder = face_finder()
    yield finder.detector, finder.mesher
    finder.close()


def test_alignment_puts_eyes_on_eyes(
    testdata: Path, manifest: Manifest, eyes: tuple[FaceDetector, FaceMesher]
) -> None:
    people = sorted((testdata / "lfw/lfw-deepfunneled").iterdir())[:40]
    images = [next(iter(sorted(person.glob("*.jpg")))) for person in people]
    average = average_face(
        images, manifest, detector=eyes[0], mesher=eyes[1], selection=FaceSelection.CENTRAL
    )
    assert average.faces == 40
    assert average.aligned.shape == average.boxes.shape == (112, 112, 3)
    assert average.sharpness > 1.1
    # both means show the face in one place, so that they can be compared at all
    assert np.abs(average.aligned.astype(int) - average.boxes.astype(int)).mean() < 20


def test_the_mean_of_one_face_is_that_face(
    testdata: Path, manifest: Manifest, eyes: tuple[FaceDetector, FaceMesher]
) -> None:
    twice = [testdata / OBAMA, testdata / OBAMA]
    once = average_face(
        twice[:1], manifest, detector=eyes[0], mesher=eyes[1], selection=FaceSelection.LARGEST
    )
    again = average_face(
        twice, manifest, detector=eyes[0], mesher=eyes[1], selection=FaceSelection.LARGEST
    )
    assert (once.faces, again.faces) == (1, 2)
    np.testing.assert_array_equal(once.aligned, again.aligned)


def test_a_folder_as_people_keep_it(bundle: Path, testdata: Path, tmp_path: Path) -> None:
    staff = tmp_path / "staff"
    (staff / "more").mkdir(parents=True)
    for name, photo in (("a.jpg", OBAMA), ("b.JPG", OBAMA_AGAIN), ("more/c.jpg", BIDEN)):
        shutil.copyfile(testdata / photo, staff / name)
    (staff / "notes.txt").write_text("not a photo, and not counted")
    (staff / "broken.jpg").write_text("not a photo either")
    cv2.imwrite(str(staff / "wall.png"), np.full((200, 200, 3), 128, np.uint8))
    picture = tmp_path / "mean.png"
    said = run("average-face", staff, "--bundle", bundle, "-o", picture)
    assert said.code == 0, said.err
    assert said.out.startswith("mean of 3 of 5 photos, aligned as arcface-112;")
    assert "left out: broken.jpg: is not a picture that can be read" in said.err
    assert "left out: wall.png: no_face" in said.err
    assert cv2.imread(str(picture)).std() > 20


def test_an_empty_folder_and_one_without_faces_are_errors(
    manifest: Manifest, eyes: tuple[FaceDetector, FaceMesher], tmp_path: Path
) -> None:
    with pytest.raises(EvaluationError, match="holds no picture"):
        images_below(tmp_path)
    with pytest.raises(EvaluationError, match="is not a folder"):
        images_below(tmp_path / "gone")
    wall = tmp_path / "wall.png"
    cv2.imwrite(str(wall), np.full((200, 200, 3), 128, np.uint8))
    with pytest.raises(EvaluationError, match="none of 1 pictures shows a face"):
        average_face(
            [wall], manifest, detector=eyes[0], mesher=eyes[1], selection=FaceSelection.LARGEST
        )


def test_a_face_that_is_no_rule_is_one_plain_line(tmp_path: Path) -> None:
    said = run("average-face", tmp_path, "--face", "prettiest")
    assert said.code == 2
    assert "--face prettiest: choose largest, central or dominant" in said.err
