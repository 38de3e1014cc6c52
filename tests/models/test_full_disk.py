"""A disk that is really full while a model is fetched and built (a small tmpfs; needs root)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.bundle.loading import load_bundle
from edgeverify.errors import BundleError
from edgeverify.models.archives import fetch_archive
from edgeverify.models.build import fetch_bundle
from tests.absent import absent

from .test_archives import ARCHIVE, PINNED, delivering, pip_that

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        absent("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_bundle_that_does_not_fit_leaves_nothing(small_disk: Path, trained_models: Path) -> None:
    with pytest.raises(BundleError, match=r"cannot write .*mobilefacenet: No space left") as caught:
        fetch_bundle("mobilefacenet", small_disk, source=trained_models)
    assert "Free some space" in caught.value.advice
    assert list(small_disk.iterdir()) == []
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert load_bundle(fetch_bundle("mobilefacenet", small_disk, source=trained_models))


def test_a_download_that_does_not_fit_leaves_nothing(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pip_that(
        tmp_path,
        "open(os.path.join(os.environ['TMPDIR'], 'part.tar.gz'), 'wb').write(bytes(4 << 20))\n",
        monkeypatch,
    )
    with pytest.raises(BundleError, match=r"could not fetch project-1\.0\.tar\.gz: the disk is"):
        fetch_archive(PINNED, small_disk)
    assert list(small_disk.iterdir()) == []
    pip_that(tmp_path, delivering(ARCHIVE), monkeypatch)
    assert fetch_archive(PINNED, small_disk).read_bytes() == ARCHIVE
