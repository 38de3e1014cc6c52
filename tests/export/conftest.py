"""Real faces for the workshop's tests, found once."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the [export] extra is not installed")

import torch
from edgeverify_export.parity.faces import FoundFace, find_faces

from edgeverify.vision.dominance import FaceSelection


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def lfw(testdata: Path) -> Path:
    return testdata / "lfw" / "lfw-deepfunneled"


@pytest.fixture(scope="session")
def some_faces(lfw: Path) -> tuple[FoundFace, ...]:
    """Eight faces of at least four people."""
    folders = sorted(folder for folder in lfw.iterdir() if len(list(folder.iterdir())) >= 2)[:4]
    photos = [photo for folder in folders for photo in sorted(folder.iterdir())[:2]]
    found = find_faces(photos, selection=FaceSelection.CENTRAL, show=False)
    assert len(found) >= 6
    return tuple(found.values())
