"""A real model and real faces: MobileFaceNet through the door's own pipeline."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.domain import OperatingPoint
from edgeverify.pipeline import Pipeline, open_pipeline
from edgeverify.runtime.bundle import load_bundle
from edgeverify.runtime.bundle_writer import EmbedderRecipe, write_embedder
from edgeverify.runtime.manifest import Feeding
from edgeverify.runtime.open_session import open_session
from edgeverify.settings import ModelSettings, QualitySettings, VisionSettings


@pytest.fixture(scope="session")
def bundle_folder(trained_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = (trained_models / "MobileFaceNet.onnx").read_bytes()
    recipe = EmbedderRecipe(
        name="mobilefacenet",
        arch="mobilefacenet",
        source_sha256=hashlib.sha256(model).hexdigest(),
        feeding=Feeding(
            size=112,
            channels="rgb",
            scale=1 / 255,
            mean=(0.485, 0.456, 0.406),
            std=(0.229, 0.224, 0.225),
            resize="linear",
        ),
        template="arcface-112",
        embedding_size=128,
        licence="Apache-2.0",
    )
    folder = tmp_path_factory.mktemp("models") / "mobilefacenet"
    write_embedder(folder, recipe, {"fp32": model})
    return folder


@pytest.fixture(scope="session")
def pipeline(bundle_folder: Path) -> Iterator[Pipeline]:
    bundle = load_bundle(bundle_folder)
    opened = open_session(bundle, ModelSettings(runtime="onnxruntime-cpu", threads=1))
    point = OperatingPoint(threshold=0.45, max_fmr=None, evidence="written by hand for tests")
    pipeline = open_pipeline(
        bundle,
        opened.session,
        quality=QualitySettings(),
        vision=VisionSettings(),
        point=point,
    )
    yield pipeline
    pipeline.close()
