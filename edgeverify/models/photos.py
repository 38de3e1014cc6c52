"""The photos of face_recognition's tests: real people, for the demo, `bench` and tests."""

from __future__ import annotations

from pathlib import Path

from edgeverify.bundle.folder_writer import clear_leftovers, write_folder
from edgeverify.errors import BundleError
from edgeverify.models.archives import (
    FACE_RECOGNITION,
    UNPACKING_ERRORS,
    fetch_archive,
    members,
    not_unpacked,
)
from edgeverify.models.folder_lock import folder_lock
from edgeverify.progress import Progress, silent


def photos(cache: Path, progress: Progress = silent) -> dict[str, Path]:
    """Return the photos by name (`obama.jpg`), unpacked in `cache`; never to be committed.

    BundleError where the archive cannot be had or `cache` cannot hold them.
    """
    folder = cache / f"{FACE_RECOGNITION.project}-{FACE_RECOGNITION.version}-photos"
    if not folder.is_dir():
        by_hand = f"put the file into {cache}"
        archive = fetch_archive(FACE_RECOGNITION, cache, progress, otherwise=by_hand)
        contents = _read(archive)
        with folder_lock(cache, progress):
            clear_leftovers(folder)
            if not folder.is_dir():  # else another process was first
                write_folder(folder, contents)
    try:
        return {path.name: path for path in sorted(folder.iterdir())}
    except OSError as error:
        raise BundleError(f"cannot read {folder}: {error.strerror}") from None


def _read(archive: Path) -> dict[str, bytes]:
    try:
        return {
            found.path.name: found.read()
            for found in members(archive)
            if found.path.parent.name == "test_images"
        }
    except UNPACKING_ERRORS as error:
        raise not_unpacked(archive, error) from None
