"""The workshop with PyTorch (`make test-export`): real faces, found once; a stated skip without."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.absent import absent

if TYPE_CHECKING:
    from edgeverify_export.parity.faces import FoundFace


class WithoutTorch(pytest.Module):
    """A file of tests that cannot be read here."""

    def collect(self) -> Iterable[pytest.Item]:
        absent("the workshop's packages, torch among them, are not here (make test-export)")


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Read no file of this folder where torch is not installed."""
    if find_spec("torch") is not None:
        return None
    made: pytest.Module = WithoutTorch.from_parent(parent, path=module_path)
    return made


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    import torch  # noqa: PLC0415 - where it is not installed this file is read all the same

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def lfw(testdata: Path) -> Path:
    return testdata / "lfw" / "lfw-deepfunneled"


@pytest.fixture(scope="session")
def some_faces(lfw: Path) -> tuple[FoundFace, ...]:
    """Eight faces of at least four people."""
    from edgeverify_export.parity.faces import find_faces  # noqa: PLC0415 - as torch

    from edgeverify.vision.dominance import FaceSelection  # noqa: PLC0415 - as torch

    folders = sorted(folder for folder in lfw.iterdir() if len(list(folder.iterdir())) >= 2)[:4]
    photos = [photo for folder in folders for photo in sorted(folder.iterdir())[:2]]
    found = find_faces(photos, selection=FaceSelection.CENTRAL, show=False)
    assert len(found) >= 6
    return tuple(found.values())
