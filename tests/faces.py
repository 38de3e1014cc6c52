"""The networks that find faces, for tests: made once into .cache/ (never committed)."""

from __future__ import annotations

from pathlib import Path

from edgeverify.bundle.vision_bundle import NAME, load_vision_bundle
from edgeverify.errors import BundleError
from edgeverify.models.archives import MEDIAPIPE, fetch_archive
from edgeverify.models.build import fetch_bundle
from edgeverify.settings import VisionSettings
from edgeverify.verifier.pipeline import open_face_finder
from edgeverify.vision.opening import DOOR, FaceFinder, Trial
from tests.absent import absent

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / ".cache" / "sources"
DATA = ROOT / ".cache" / "data"
"""What tests have for `XDG_DATA_HOME` unless they choose another."""
MODELS = DATA / "edgeverify" / "models"
"""The models folder in it, which holds the vision bundle."""


def vision_wheel() -> Path:
    """The pinned wheel; a test skips where no package index is within reach."""
    try:
        return fetch_archive(MEDIAPIPE, SOURCES)
    except BundleError as error:
        absent(f"no package index within reach: {error}")
        raise


def add_vision(models: Path) -> Path:
    """Make the vision bundle in another models folder, without the network."""
    return fetch_bundle(NAME, models, source=vision_wheel())


def make_vision() -> None:
    """Have the bundle of this release in `MODELS`. Raises BundleError without a package index."""
    try:
        load_vision_bundle(MODELS / NAME)
    except BundleError:  # not there yet, or made by an earlier commit
        fetch_bundle(NAME, MODELS, source=fetch_archive(MEDIAPIPE, SOURCES))


def face_finder(*, trial: Trial = DOOR) -> FaceFinder:
    """Detector and mesher as the door has them."""
    try:
        make_vision()
    except BundleError as error:
        absent(f"no package index within reach: {error}")
    return open_face_finder(MODELS, VisionSettings(), trial=trial)
