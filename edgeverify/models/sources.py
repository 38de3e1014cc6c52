"""Source archives on the Python package index, fetched by pip with pinned hashes.

`face_recognition_models` carries dlib's network, `face_recognition` carries real photos. Neither
is ever imported; pip reads the archive's metadata in a build of its own.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgeverify.errors import BundleError
from edgeverify.models.progress import Progress, silent
from edgeverify.runtime.canonical import sha256_of, sha256_of_file

_PIP_SECONDS = 1800
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sdist:
    """One source archive, pinned by SHA-256."""

    project: str
    version: str
    sha256: str
    bytes: int

    @property
    def archive(self) -> str:
        """The archive's file name."""
        return f"{self.project}-{self.version}.tar.gz"


FACE_RECOGNITION_MODELS = Sdist(
    project="face_recognition_models",
    version="0.3.0",
    sha256="b79bd200a88c87c9a9d446c990ae71c5a626d1f3730174e6d570157ff1d896cf",
    bytes=100_149_358,
)
FACE_RECOGNITION = Sdist(
    project="face_recognition",
    version="1.3.0",
    sha256="5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec",
    bytes=3_182_249,
)
SDISTS = {sdist.project: sdist for sdist in (FACE_RECOGNITION_MODELS, FACE_RECOGNITION)}


def fetch_sdist(sdist: Sdist, cache: Path, progress: Progress = silent) -> Path:
    """Give the archive's path in `cache`, fetching it with pip where it is not there yet.

    BundleError where pip cannot get it; a file with another hash is never kept.
    """
    kept = cache / sdist.archive
    if kept.is_file() and sha256_of_file(kept) == sdist.sha256:
        return kept
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".pip-", dir=cache) as work:
        fetched = _pip_download(sdist, Path(work), progress)
        if sha256_of_file(fetched) != sdist.sha256:
            raise BundleError(f"{sdist.archive} does not have its pinned SHA-256")
        fetched.replace(kept)
    return kept


def member(archive: Path, name: str, sha256: str) -> bytes:
    """Read the file called `name` out of a source archive; BundleError where it is not right."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for info in tar:
                if info.isfile() and PurePosixPath(info.name).name == name:
                    stream = tar.extractfile(info)
                    data = b"" if stream is None else stream.read()
                    if sha256_of(data) == sha256:
                        return data
    except (tarfile.TarError, OSError, EOFError) as error:
        raise BundleError(f"{archive} cannot be unpacked: {error}") from None
    raise BundleError(f"{archive} holds no {name} with the pinned SHA-256")


def installed_file(project: str, name: str) -> Path | None:
    """Find a data file of an installed package without importing the package, or None."""
    try:
        spec = importlib.util.find_spec(project)
    except (ImportError, ValueError):
        return None
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for found in sorted(Path(folder).rglob(name)):
            return found
    return None


def photos(cache: Path, progress: Progress = silent) -> dict[str, Path]:
    """Give the photos of face_recognition's tests by name (`obama.jpg`), unpacked in `cache`.

    Real people: for tests and the demo only, never to be committed.
    """
    folder = cache / f"{FACE_RECOGNITION.project}-{FACE_RECOGNITION.version}-photos"
    if not folder.is_dir():
        archive = fetch_sdist(FACE_RECOGNITION, cache, progress)
        made = Path(tempfile.mkdtemp(prefix=".photos-", dir=cache))
        try:
            _unpack_photos(archive, made)
            made.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was first
                raise
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return {path.name: path for path in sorted(folder.iterdir())}


def _unpack_photos(archive: Path, folder: Path) -> None:
    with tarfile.open(archive, "r:gz") as tar:
        for info in tar:
            path = PurePosixPath(info.name)
            if info.isfile() and path.parent.name == "test_images":
                stream = tar.extractfile(info)
                if stream is not None:
                    (folder / path.name).write_bytes(stream.read())


def _pip_download(sdist: Sdist, work: Path, progress: Progress) -> Path:
    pinned = work / "pinned.txt"
    pinned.write_text(f"{sdist.project}=={sdist.version} --hash=sha256:{sdist.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-binary", sdist.project, "--require-hashes"]
    command += ["--requirement", str(pinned), "--dest", str(work)]
    # The archive's metadata is made by setuptools: the one that is here, so that a closed network
    # is enough, else one that pip gets for the purpose.
    isolation = [["--no-build-isolation"]] if importlib.util.find_spec("setuptools") else []
    problem = ""
    for options in [*isolation, []]:
        problem = _run(command + options, sdist, work, progress)
        if not problem and (work / sdist.archive).is_file():
            return work / sdist.archive
    raise BundleError(
        f"pip could not fetch {sdist.archive}: {problem or 'no such file'}",
        advice="Check the network and pip's index, or give the file with `--from`.",
    )


def _run(command: list[str], sdist: Sdist, work: Path, progress: Progress) -> str:
    """Run pip, showing how much lies in its temporary folder; give its last line if it failed."""
    temporary = work / "tmp"
    temporary.mkdir(exist_ok=True)
    log = work / "pip.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        deadline = time.monotonic() + _PIP_SECONDS
        try:
            while process.poll() is None and time.monotonic() < deadline:
                progress(sdist.archive, min(_largest_file(temporary), sdist.bytes), sdist.bytes)
                time.sleep(_LOOK_SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
    if process.returncode == 0:
        progress(sdist.archive, sdist.bytes, sdist.bytes)
        return ""
    lines = log.read_text("utf-8", errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else f"pip ended with {process.returncode}"


def _largest_file(folder: Path) -> int:
    return max((_size(path) for path in folder.rglob("*.tar.gz")), default=0)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # pip removed it meanwhile
        return 0
