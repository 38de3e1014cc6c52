"""What every test may lean on: real faces where they are, and how their absence is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.absent import absent

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


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
