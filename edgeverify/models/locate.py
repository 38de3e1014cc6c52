"""Finding a model's weights: in what the user gave, on this machine, or on the network."""

from __future__ import annotations

import os
from pathlib import Path

from edgeverify.bundle.canonical_json import sha256_of
from edgeverify.errors import BundleError
from edgeverify.models.archives import ARCHIVES, Archive, fetch_archive, installed_file, member
from edgeverify.models.catalogue import SourceFile
from edgeverify.progress import Progress


def locate(file: SourceFile, *, source: Path | None, cache: Path, progress: Progress) -> bytes:
    """Read the weights, verified by their pinned hash; BundleError where they cannot be had.

    `source` is what the user gave with `--from`: the file, a folder with it under any name, or
    the archive that it comes in; with it, nothing is fetched.
    """
    if source is not None:
        return _given(file, source)
    if file.archive:
        return _from_archive(file, cache, progress)
    kept = cache / file.file
    found = _intact(kept, file)
    if found is None:
        from edgeverify.models.fetch import fetch_file  # noqa: PLC0415 - a door has it all already

        fetch_file(file.address, kept, sha256=file.sha256, size=file.bytes, progress=progress)
        found = _read(kept)
    return _checked(found, file, kept)


def _given(file: SourceFile, source: Path) -> bytes:
    archives = []
    for path in _candidates(source):
        if _size(path) == file.bytes:
            data = _read(path)
            if sha256_of(data) == file.sha256:
                return data
        if file.archive and _is_pinned(path, ARCHIVES[file.archive]):
            archives.append(path)
    if archives:
        return member(archives[0], file.file, file.sha256)
    wanted = _described(file.file, file.bytes, file.sha256)
    if file.archive:
        archive = ARCHIVES[file.archive]
        wanted = f"{_described(archive.file, archive.bytes, archive.sha256)}, or its {file.file}"
    if source.is_dir():
        raise BundleError(f"the folder {source} does not hold {wanted}")
    raise BundleError(
        f"{source} is not {wanted}",
        advice="Where a model has several files, give the folder that holds them all.",
    )


def _described(name: str, size: int, sha256: str) -> str:
    return f"{name} ({size} bytes, SHA-256 {sha256})"


def _is_pinned(path: Path, archive: Archive) -> bool:
    """Return whether it is the archive, under any name; BundleError for another of that name."""
    if path.name != archive.file and _size(path) != archive.bytes:
        return False
    found = sha256_of(_read(path))
    if found != archive.sha256 and path.name == archive.file:
        raise BundleError(
            f"{path} has the SHA-256 {found[:12]}..., not the pinned {archive.sha256[:12]}...",
            advice="It is truncated, or somebody changed it: fetch it again where it came from.",
        )
    return found == archive.sha256


def _candidates(source: Path) -> list[Path]:
    """Return the file itself, or the files in the folder; BundleError where it is not there."""
    try:
        if source.is_dir():
            names = os.listdir(source)  # noqa: PTH208 - the names at one moment
            return [source / name for name in sorted(names)]
        source.stat()
    except FileNotFoundError:
        raise BundleError(f"{source} does not exist") from None
    except OSError as error:
        raise _unreadable(source, error) from None
    return [source]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else -1
    except OSError:  # it went away meanwhile, or stands where we may not look
        return -1


def _from_archive(file: SourceFile, cache: Path, progress: Progress) -> bytes:
    installed = installed_file(file.archive, file.file)
    found = None if installed is None else _intact(installed, file)
    if found is not None:
        return found
    archive = fetch_archive(ARCHIVES[file.archive], cache, progress)
    return member(archive, file.file, file.sha256)


def _intact(path: Path, file: SourceFile) -> bytes | None:
    """Return the file's bytes if they are the right ones; whatever is wrong, it is fetched."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return data if sha256_of(data) == file.sha256 else None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> BundleError:
    return BundleError(
        f"cannot read {path}: {error.strerror}", advice="Run as a user who may read it."
    )


def _checked(data: bytes, file: SourceFile, path: Path) -> bytes:
    if sha256_of(data) != file.sha256:
        raise BundleError(f"{path} does not have its pinned SHA-256")
    return data
