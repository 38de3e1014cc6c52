"""`edgeverify explain`: where in two faces their score comes from, on the real network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest

from edgeverify.comparison import fuse
from edgeverify.domain import Frame, OperatingPoint, Reference
from edgeverify.enrolment import embed_photo, load_photo, probe_photo
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.explain import Patch, explain_pair, occlusion_map
from edgeverify.feeding.statement import Mirror
from edgeverify.settings import EnrolmentSettings, ModelSettings, QualitySettings, Settings
from edgeverify.verifier.photos import open_photo_verifier
from edgeverify.verifier.pipeline import Pipeline, ProbeResult
from tests.enrolment.real_model import write_mobilefacenet
from tests.evaluation.faces import BIDEN, OBAMA, OBAMA_AGAIN, TWO_PEOPLE, run

POINT = OperatingPoint(threshold=0.45, max_fmr=None, evidence="by hand")
COARSE = Patch(side=0.25, step=0.125)


@pytest.fixture(scope="module")
def bundle(trained_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "mobilefacenet"
    write_mobilefacenet(folder, trained_models)
    return folder


@pytest.fixture(scope="module")
def pipeline(bundle: Path) -> Iterator[Pipeline]:
    model = ModelSettings(bundle=str(bundle), runtime="onnxruntime-cpu", threads=1)
    with open_photo_verifier(Settings(model=model), bundle, bundle.parent) as opened:
        yield opened.pipeline


def seen(pipeline: Pipeline, testdata: Path, photo: Path) -> tuple[str, ProbeResult]:
    path = testdata / photo
    return path.name, probe_photo(pipeline, load_photo(path.parent, path.name, EnrolmentSettings()))


def test_the_middle_of_the_face_speaks_for_a_match_and_the_corners_do_not(
    pipeline: Pipeline, testdata: Path
) -> None:
    steps: list[tuple[int, int]] = []
    told = explain_pair(
        pipeline,
        seen(pipeline, testdata, OBAMA_AGAIN),
        seen(pipeline, testdata, OBAMA),
        point=POINT,
        gates=QualitySettings(),
        patch=COARSE,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert told.verdict == "match"
    for face in (told.probe, told.reference):
        assert face.heat.shape == (112, 112)
        corners = [face.heat[row, column] for row in (0, -1) for column in (0, -1)]
        # eyes, nose and mouth of the arcface template lie in this part of the chip
        assert face.heat[45:95, 35:78].mean() > 2 * max(0.0, float(np.mean(corners)))
        assert face.heat.max() > 0.02
    assert steps[-1] == (98, 98)
    assert steps == sorted(steps)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metric", "normalise", "mirror"),
    [
        ("cosine", True, "reference"),
        ("euclidean", True, "both"),
        ("euclidean", False, "reference"),
    ],
)
def test_whatever_the_metric_it_explains_the_score_that_the_door_uses(
    metric: Literal["cosine", "euclidean"],
    normalise: bool,  # noqa: FBT001
    mirror: Mirror,
    trained_models: Path,
    testdata: Path,
    tmp_path: Path,
) -> None:
    """The door observes a frame against a reference of one photo, and of that photo twice."""
    bundle = tmp_path / "stated"
    write_mobilefacenet(bundle, trained_models, metric=metric, normalise=normalise, mirror=mirror)
    said = run(
        "explain", testdata / OBAMA_AGAIN, testdata / OBAMA, "--bundle", bundle,
        "--threshold", "-100", "--patch", "0.4", "-o", tmp_path / "why.png", "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert told["metric"] == metric
    model = ModelSettings(bundle=str(bundle), runtime="onnxruntime-cpu", threads=1)
    with open_photo_verifier(Settings(model=model), bundle, bundle.parent) as opened:
        photo, frame = (
            load_photo((testdata / name).parent, name.name, EnrolmentSettings())
            for name in (OBAMA, OBAMA_AGAIN)
        )
        one = embed_photo(opened.pipeline, photo, "reference")
        for photos in ((one,), (one, one)):
            reference = Reference(
                card="1", name="Ann", embedding=fuse(photos), photo_count=len(photos)
            )
            seen_now = opened.pipeline.observe(
                Frame(rgb=frame.rgb, sequence=1, captured_at=0.0), (reference,), POINT
            )
            assert seen_now.comparison is not None
            assert seen_now.comparison.score == pytest.approx(told["score"], abs=2e-4)


def test_what_is_hidden_already_changes_nothing(pipeline: Pipeline, testdata: Path) -> None:
    _, probe = seen(pipeline, testdata, OBAMA)
    assert probe.embedding is not None
    probe.chips[0].rgb[:] = 90  # a chip as grey as the patch
    heat = occlusion_map(
        pipeline.embedder, probe.chips, probe.embedding, side="probe", patch=COARSE
    )
    assert np.abs(heat).max() < 1e-5


def test_many_chips_in_one_run_are_what_they_are_one_by_one(
    pipeline: Pipeline, testdata: Path
) -> None:
    faces = [seen(pipeline, testdata, photo)[1].chips for photo in (OBAMA, BIDEN)]
    together = pipeline.embedder.embed_many(faces, "probe")
    for chips, embedding in zip(faces, together, strict=True):
        alone = pipeline.embedder.embed(chips, "probe")
        np.testing.assert_allclose(embedding.values, alone.values, atol=1e-5)
    assert len(together) == 2


def test_a_patch_covers_every_pixel_whatever_its_size() -> None:
    for size in (112, 150, 224):
        for patch in (Patch(), COARSE, Patch(side=0.06, step=0.06), Patch(side=0.5, step=0.4)):
            side, corners = patch.corners(size)
            covered = np.zeros((size, size), bool)
            for row, column in corners:
                assert 0 <= row <= size - side
                covered[row : row + side, column : column + side] = True
            assert covered.all()


@pytest.mark.parametrize(("side", "step"), [(0.2, 0.0), (0.2, 0.3), (1.0, 0.1), (0.0, 0.0)])
def test_a_patch_that_leaves_gaps_is_refused(side: float, step: float) -> None:
    with pytest.raises(EvaluationError, match="does not cover a chip"):
        Patch(side=side, step=step)


def test_the_command_draws_both_faces_and_tells_the_figures(
    bundle: Path, testdata: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "why.png"
    said = run(
        "explain",
        testdata / BIDEN,
        testdata / OBAMA,
        "--bundle",
        bundle,
        "--threshold",
        "0.45",
        "--patch",
        "0.4",
        "-o",
        picture,
        "--json",
    )
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert told["verdict"] == "non_match"
    assert told["score"] < told["threshold"] == 0.45
    assert told["probe"]["quality"]["eye_distance_pixels"] > 60
    assert told["probe"]["refused_by"] is None
    drawn = cv2.imread(str(picture))
    assert drawn.shape[0] > 800
    assert drawn.std() > 20
    assert picture.stat().st_mode & 0o777 == 0o600


def test_without_a_measured_threshold_there_is_no_verdict(
    bundle: Path, testdata: Path, tmp_path: Path
) -> None:
    said = run(
        "explain", testdata / OBAMA, testdata / OBAMA, "--bundle", bundle, "--patch", "0.5",
        "-o", tmp_path / "same.png",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert "no threshold: nothing was measured on this model" in said.out
    assert "score 1.0000" in said.out


@pytest.mark.parametrize(
    ("probe", "output", "problem"),
    [
        (TWO_PEOPLE, "why.png", "two_people.jpg: it shows several faces"),
        (Path("gone.jpg"), "why.png", "gone.jpg: there is no such file"),
        (OBAMA, "why.jpg", "why.jpg is not the name of a PNG"),
        (OBAMA, "gone/why.png", "why.png cannot be written: the folder"),
    ],
)
def test_what_cannot_be_explained_says_why(
    bundle: Path, testdata: Path, tmp_path: Path, probe: Path, output: str, problem: str
) -> None:
    said = run(
        "explain", testdata / probe, testdata / OBAMA, "--bundle", bundle, "--patch", "0.5",
        "-o", tmp_path / output,
    )  # fmt: skip
    assert said.code == 2
    assert problem in said.err
