"""A real model over real faces, and two people enrolled with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeverify.bundle.loading import Bundle, load_bundle
from edgeverify.domain import (
    Reference,
    RgbImage,
)
from edgeverify.models.build import fetch_bundle
from edgeverify.runtime.open_session import open_session
from edgeverify.runtime.session import Session
from edgeverify.settings import ModelSettings, QualitySettings, VisionSettings
from edgeverify.verifier.pipeline import Pipeline, open_pipeline
from edgeverify.vision.embedder import embedder_of
from tests.faces import face_finder
from tests.verifier.observed import Photo, enrolled


@pytest.fixture(scope="module")
def bundle(trained_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    models = tmp_path_factory.mktemp("models")
    cache = models / "cache"
    return load_bundle(fetch_bundle("mobilefacenet", models, source=trained_models, cache=cache))


@pytest.fixture(scope="module")
def session(bundle: Bundle) -> Iterator[Session]:
    opened = open_session(bundle, ModelSettings(runtime="onnxruntime-cpu", threads=1))
    with closing(opened.session):
        yield opened.session


@pytest.fixture(scope="module")
def pipeline(bundle: Bundle, session: Session) -> Iterator[Pipeline]:
    made = open_pipeline(
        embedder_of(bundle, (session,)),
        face_finder(),
        quality=QualitySettings(),
        vision=VisionSettings(),
    )
    with closing(made):
        yield made


@pytest.fixture(scope="module")
def photo(testdata: Path) -> Photo:
    def read(name: str) -> RgbImage:
        picture = cv2.imread(str(testdata / "faces_misc" / "ageitgey" / name))
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)

    return read


@pytest.fixture(scope="module")
def obama(pipeline: Pipeline, photo: Photo) -> Reference:
    return enrolled(pipeline, "0001", photo("examples/knn_examples/train/obama/obama2.jpg"))


@pytest.fixture(scope="module")
def biden(pipeline: Pipeline, photo: Photo) -> Reference:
    return enrolled(pipeline, "0002", photo("examples/knn_examples/train/biden/biden2.jpg"))
