"""The default model: dlib's network gives dlib's answers, without dlib and without torch."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeverify.bundle.golden_frames import golden_frame
from edgeverify.bundle.loading import Bundle, load_bundle
from edgeverify.errors import CheckpointError
from edgeverify.models.golden_check import check_golden
from edgeverify.models.weights.dlib_weights import read_dlib_weights
from edgeverify.runtime.embed import embed_raw
from edgeverify.runtime.open_session import open_session
from edgeverify.runtime.session import Session
from edgeverify.settings import ModelSettings, QualitySettings, VisionSettings
from edgeverify.verifier.pipeline import open_pipeline
from edgeverify.vision.dominance import FaceSelection
from edgeverify.vision.embedder import NetworkEmbedder
from tests.faces import face_finder
from tests.models.dlib_by_hand import forward

SAME = [("obama.jpg", "obama2.jpg"), ("obama.jpg", "obama3.jpg"), ("obama2.jpg", "obama3.jpg")]


@pytest.fixture(scope="module")
def bundle(dlib_bundle: Path) -> Bundle:
    return load_bundle(dlib_bundle)


@pytest.fixture(scope="module")
def session(bundle: Bundle) -> Session:
    return open_session(bundle, ModelSettings(runtime="onnxruntime-cpu")).session


@pytest.fixture(scope="module")
def raw(bundle: Bundle, session: Session, real_photos: dict[str, Path]) -> dict[str, np.ndarray]:
    """Raw outputs of the door's own path: one chip, no mirror image, not normalised."""
    embedder = NetworkEmbedder(bundle, session)
    pipeline = open_pipeline(
        embedder,
        face_finder(),
        quality=QualitySettings(),
        vision=VisionSettings(),
    )
    outputs = {}
    for name in ("obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg"):
        rgb = np.asarray(Image.open(real_photos[name]).convert("RGB"))
        seen = pipeline.probe(rgb, FaceSelection.LARGEST)
        assert seen.chips, name
        outputs[name] = embedder.embed_raw(seen.chips)
    pipeline.close()
    return outputs


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_person_is_closer_than_0_45(
    raw: dict[str, np.ndarray], one: str, other: str
) -> None:
    assert np.linalg.norm(raw[one] - raw[other]) < 0.45


def test_different_people_are_further_than_0_75(raw: dict[str, np.ndarray]) -> None:
    for one, other in combinations(raw, 2):
        if "biden.jpg" in (one, other):
            assert np.linalg.norm(raw[one] - raw[other]) > 0.75


def test_the_graph_equals_an_independent_forward_pass_of_the_same_weights(
    dlib_file: bytes, bundle: Bundle, session: Session
) -> None:
    chip = np.ascontiguousarray(golden_frame(1)[60:210, 120:270])
    by_hand = forward(dlib_file, chip)
    answer = embed_raw(session, bundle.manifest, chip)
    assert np.abs(answer - by_hand).max() < 1e-4
    assert np.linalg.norm(by_hand) > 0.5


def test_the_bundle_passes_its_golden_check(bundle: Bundle, session: Session) -> None:
    assert check_golden(bundle, session) > 0.99999
    assert bundle.manifest.template == "dlib-150"
    assert bundle.manifest.mirror == "both"
    assert "before one camera" in bundle.manifest.weak


def test_its_thresholds_come_with_evidence(bundle: Bundle) -> None:
    points = bundle.operating_points
    assert points is not None
    elsewhere = [point for point in points.points if point.origin != "camera"]
    rates = {point.fmr: point for point in elsewhere if point.photos == 1}
    for rate in (1e-2, 1e-3, 1e-4):
        assert rates[rate].supported
        assert rates[rate].fmr_upper_95 <= rate
        assert rates[rate].non_mated >= 30_000
        assert "LFW" in rates[rate].dataset


@pytest.mark.parametrize("keep", [0, 100, 400, 20_000, 1_000_000, 22_400_000])
def test_a_truncated_file_is_refused(dlib_file: bytes, keep: int) -> None:
    with pytest.raises(CheckpointError, match="dlib"):
        read_dlib_weights(dlib_file[:keep])


def test_a_weight_that_is_not_a_number_is_refused(dlib_file: bytes) -> None:
    data = bytearray(dlib_file)
    data[1000:1004] = np.float32(np.nan).tobytes()
    with pytest.raises(CheckpointError, match="truncated or altered"):
        read_dlib_weights(bytes(data))


def test_another_file_is_refused() -> None:
    with pytest.raises(CheckpointError, match="its layers were not found"):
        read_dlib_weights(b"\x01\x05con_4" * 29 + b"\x01\x07affine_" * 28)
