"""A real model and real faces: MobileFaceNet through the door's own pipeline."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.bundle.loading import load_bundle
from edgeverify.references import ReferenceStore
from edgeverify.runtime.open_session import open_session
from edgeverify.settings import ModelSettings, QualitySettings, VisionSettings
from edgeverify.verifier.pipeline import Pipeline, open_pipeline
from edgeverify.vision.embedder import embedder_of
from tests.enrolment.config_door import NOW, PEOPLE, Door
from tests.enrolment.real_model import write_mobilefacenet
from tests.faces import face_finder


@pytest.fixture(scope="session")
def bundle_folder(trained_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "mobilefacenet"
    write_mobilefacenet(folder, trained_models)
    return folder


@pytest.fixture(scope="session")
def pipeline(bundle_folder: Path) -> Iterator[Pipeline]:
    bundle = load_bundle(bundle_folder)
    opened = open_session(bundle, ModelSettings(runtime="onnxruntime-cpu", threads=1))
    pipeline = open_pipeline(
        embedder_of(bundle, (opened.session,)),
        face_finder(),
        quality=QualitySettings(),
        vision=VisionSettings(),
    )
    yield pipeline
    pipeline.close()
    opened.session.close()


@pytest.fixture
def door(tmp_path: Path, testdata: Path, pipeline: Pipeline) -> Iterator[Door]:
    folder = tmp_path / "config"
    folder.mkdir()
    for name, source in PEOPLE.items():
        shutil.copyfile(testdata / source, folder / name)
    store = ReferenceStore(tmp_path / "references.sqlite", bytes(range(32)), now=NOW)
    yield Door(folder, pipeline, store)
    store.close()
