"""A bundle made from its weights, wherever those come from."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgeverify.bundle.canonical_json import sha256_of
from edgeverify.bundle.embedding_space import fusion_space
from edgeverify.bundle.folder_writer import clear_leftovers, write_folder
from edgeverify.bundle.fusion import FusionManifest, FusionPart
from edgeverify.bundle.operating_points import OperatingPointsFile
from edgeverify.bundle.verified_folder import MANIFEST_FILE, POINTS_FILE
from edgeverify.bundle.vision_bundle import write_vision_bundle
from edgeverify.errors import BundleError, CheckpointError, EdgeverifyError
from edgeverify.logs import fields
from edgeverify.models.archives import ARCHIVES
from edgeverify.models.bundle_writer import as_file, embedder_files, pad_files
from edgeverify.models.catalogue import (
    Catalogue,
    CatalogueEntry,
    SourceFile,
    shipped_operating_points,
)
from edgeverify.models.locate import locate
from edgeverify.models.recipes import EMBEDDERS, PAD, Contents
from edgeverify.progress import Progress

LOG = logging.getLogger(__name__)


def make_bundle(
    entry: CatalogueEntry,
    models: Path,
    *,
    source: Path | None,
    cache: Path | None,
    progress: Progress,
    catalogue: Catalogue,
    unasked: frozenset[str],
) -> None:
    """Get the weights of `entry` and put its bundle into the folder `models`, in place of another.

    `source` is a file or folder to take weights from instead of the network, and those of a
    fusion's `unasked` parts may come from there all the same. `cache` keeps what was downloaded.
    BundleError or CheckpointError leave no bundle and no download behind.
    """
    downloads = cache or models / ".downloads"
    folder = models / entry.name
    clear_leftovers(folder)
    parts = [catalogue.entry(part.name) for part in entry.parts]
    size = sum(one.bytes for one in (entry, *parts))
    if source is None:
        LOG.info("making the model", extra=fields(model=entry.name, fetches_bytes=size))
    try:
        contents = {
            file.file: _located(file, one, entry, source, downloads, progress, unasked)
            for one in (entry, *parts)
            for file in one.files
        }
        if entry.kind == "vision":
            _write_vision(entry, contents, folder)
        else:
            write_folder(folder, _files(entry, parts, contents))
    except CheckpointError as error:
        _forget(downloads, unless=cache)
        raise CheckpointError(f"{entry.name}: {error.problem}", advice=error.advice) from None
    except EdgeverifyError:
        _forget(downloads, unless=cache)
        raise
    _forget(downloads, unless=cache)


def _located(
    file: SourceFile,
    part: CatalogueEntry,
    entry: CatalogueEntry,
    source: Path | None,
    downloads: Path,
    progress: Progress,
    unasked: frozenset[str],
) -> bytes:
    """Read weights from what was given; the default network's, in a fusion, from the index too."""
    try:
        return locate(file, source=source, cache=downloads, progress=progress)
    except BundleError:
        if source is None or part is entry or part.name not in unasked:
            raise
    return locate(file, source=None, cache=downloads, progress=progress)


def _forget(downloads: Path, *, unless: Path | None) -> None:
    # Not on Ctrl-C: a part of a download is continued the next time.
    if unless is None:
        shutil.rmtree(downloads, ignore_errors=True)


def _files(
    entry: CatalogueEntry, parts: Sequence[CatalogueEntry], contents: Contents
) -> dict[str, bytes]:
    """Make every file of a bundle from its weights."""
    points = shipped_operating_points(entry.name)
    if entry.kind == "fusion":
        made = {part.name: _files(part, (), contents) for part in parts}
        weights = {part.name: part.weight for part in entry.parts}
        return fusion_files(entry, made, weights, points)
    if entry.kind == "pad":
        return pad_files(*PAD[entry.network](entry, contents), points)[1]
    return embedder_files(*EMBEDDERS[entry.network](entry, contents), points)[1]


def _write_vision(entry: CatalogueEntry, contents: Contents, folder: Path) -> None:
    archive = ARCHIVES[entry.files[0].archive]
    write_vision_bundle(
        folder,
        contents,
        source=f"{archive.file}, SHA-256 {archive.sha256}",
        licence=entry.licence,
        notes=entry.trained_on,
    )


def fusion_files(
    entry: CatalogueEntry,
    parts: Mapping[str, Mapping[str, bytes]],
    weights: Mapping[str, float],
    points: OperatingPointsFile | None = None,
) -> dict[str, bytes]:
    """Return the files of a fusion by path; `parts` are the files of each part's own bundle.

    The parts keep no operating points of their own: only the fusion's scores are compared.
    """
    stated = tuple(
        FusionPart(
            name=name,
            weight=weights[name],
            embedding_space=json.loads(files[MANIFEST_FILE])["embedding_space"],
            manifest_sha256=sha256_of(files[MANIFEST_FILE]),
        )
        for name, files in parts.items()
    )
    manifest = FusionManifest(
        name=entry.name,
        parts=stated,
        embedding_space=fusion_space([(part.embedding_space, part.weight) for part in stated]),
        licence=entry.licence,
        notes=entry.trained_on,
    )
    everything = {
        f"{name}/{file}": data
        for name, files in parts.items()
        for file, data in files.items()
        if file != POINTS_FILE
    }
    everything[MANIFEST_FILE] = as_file(manifest)
    if points is not None:
        everything[POINTS_FILE] = as_file(points)
    return everything
