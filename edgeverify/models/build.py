"""From the catalogue to a bundle in the models folder, made when it is first needed."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

from edgeverify.bundle.folder_writer import clear_leftovers
from edgeverify.bundle.manifest import PadNetwork
from edgeverify.bundle.vision_bundle import NAME as VISION
from edgeverify.bundle.vision_bundle import write_vision_bundle
from edgeverify.errors import BundleError, CheckpointError, EdgeverifyError
from edgeverify.logs import fields
from edgeverify.models.archives import ARCHIVES
from edgeverify.models.bundle_writer import EmbedderRecipe, PadRecipe, write_embedder, write_pad
from edgeverify.models.catalogue import (
    Catalogue,
    CatalogueEntry,
    load_catalogue,
    shipped_operating_points,
)
from edgeverify.models.folder_lock import folder_lock
from edgeverify.models.graphs import dlib_resnet as dlib_network
from edgeverify.models.graphs import minifasnet, mobilefacenet
from edgeverify.models.locate import locate
from edgeverify.models.weights.dlib_weights import read_dlib_weights
from edgeverify.models.weights.legacy_pickle import read_state_dict
from edgeverify.models.weights.state_dict import StateDict
from edgeverify.progress import Progress, silent

DEFAULT = "dlib-resnet"
_UNASKED = {DEFAULT, VISION}
LOG = logging.getLogger(__name__)
Contents = Mapping[str, bytes]


def ensure_bundle(
    name: str, models: Path, *, progress: Progress = silent, cache: Path | None = None
) -> Path:
    """Give the folder of the bundle `name` in the folder `models`.

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
    """Give the folder that `model.bundle` or `model.pad_bundle` means: a path, or a name."""
    if "/" in setting or setting in {".", ".."}:
        return Path(setting).expanduser()
    if setting not in {entry.name for entry in load_catalogue().models}:
        folder = models / setting
        if folder.is_dir():
            return folder
    return ensure_bundle(setting, models, progress=progress, cache=cache)


def fetch_bundle(
    name: str,
    models: Path,
    *,
    source: Path | None = None,
    accept_licence: bool = False,
    progress: Progress = silent,
    cache: Path | None = None,
    catalogue: Catalogue | None = None,
) -> Path:
    """Get a model's weights and make its bundle, in place of one that is there.

    `source` is a file or folder to take the weights from instead of the network; `cache` keeps
    what was downloaded (default: nothing is kept). BundleError or CheckpointError leave
    no bundle and no download behind.
    """
    entry = (catalogue or load_catalogue()).entry(name)
    if entry.non_commercial and not accept_licence:
        raise BundleError(
            f"{name} is for non-commercial use only: {entry.licence}",
            advice="If that is your use, say so with `--accept-licence`.",
        )
    with folder_lock(models, progress):
        _fetch_and_build(entry, models, source=source, cache=cache, progress=progress)
    return models / name


def _fetch_and_build(
    entry: CatalogueEntry,
    models: Path,
    *,
    source: Path | None,
    cache: Path | None,
    progress: Progress,
) -> None:
    downloads = cache or models / ".downloads"
    folder = models / entry.name
    clear_leftovers(folder)
    if source is None:
        LOG.info("making the model", extra=fields(model=entry.name, fetches_bytes=entry.bytes))
    try:
        contents = {
            file.file: locate(file, source=source, cache=downloads, progress=progress)
            for file in entry.files
        }
        _BUILDERS[entry.name](entry, contents, folder)
    except CheckpointError as error:
        _forget(downloads, unless=cache)
        raise CheckpointError(f"{entry.name}: {error.problem}", advice=error.advice) from None
    except EdgeverifyError:
        _forget(downloads, unless=cache)
        raise
    _forget(downloads, unless=cache)


def _forget(downloads: Path, *, unless: Path | None) -> None:
    # Not on Ctrl-C: a part of a download is continued the next time.
    if unless is None:
        shutil.rmtree(downloads, ignore_errors=True)


def _build_dlib(entry: CatalogueEntry, contents: Contents, folder: Path) -> None:
    (file,) = entry.files
    graph = dlib_network.build_dlib_network(read_dlib_weights(contents[file.file]))
    recipe = EmbedderRecipe(
        name=entry.name,
        arch="dlib-resnet",
        source_sha256=file.sha256,
        feeding=dlib_network.FEEDING,
        template="dlib-150",
        embedding_size=128,
        licence=entry.licence,
        notes=entry.trained_on,
        tool_versions=_tools(),
        feeding_verified=True,
    )
    write_embedder(folder, recipe, {"fp32": graph}, shipped_operating_points(entry.name))


def _build_mobilefacenet(entry: CatalogueEntry, contents: Contents, folder: Path) -> None:
    (file,) = entry.files
    graph = mobilefacenet.build_mobilefacenet(StateDict(read_state_dict(contents[file.file])))
    recipe = EmbedderRecipe(
        name=entry.name,
        arch="mobilefacenet",
        source_sha256=file.sha256,
        feeding=mobilefacenet.FEEDING,
        template="arcface-112",
        embedding_size=mobilefacenet.EMBEDDING_SIZE,
        licence=entry.licence,
        notes=entry.trained_on,
        tool_versions=_tools(),
        feeding_verified=True,
    )
    write_embedder(folder, recipe, {"fp32": graph}, shipped_operating_points(entry.name))


def _build_minifasnet(entry: CatalogueEntry, contents: Contents, folder: Path) -> None:
    models = {}
    networks = []
    for file, crop_scale in zip(entry.files, (2.7, 4.0), strict=True):
        name = file.file.removesuffix(".pth") + ".onnx"
        models[name] = minifasnet.build_minifasnet(StateDict(read_state_dict(contents[file.file])))
        networks.append(PadNetwork(file=name, crop_scale=crop_scale, source_sha256=file.sha256))
    recipe = PadRecipe(
        name=entry.name,
        arch="minifasnet",
        feeding=minifasnet.FEEDING,
        networks=tuple(networks),
        classes=minifasnet.CLASSES,
        live_index=minifasnet.LIVE_INDEX,
        licence=entry.licence,
        notes=entry.trained_on,
        tool_versions=_tools(),
    )
    write_pad(folder, recipe, models, shipped_operating_points(entry.name))


def _build_vision(entry: CatalogueEntry, contents: Contents, folder: Path) -> None:
    archive = ARCHIVES[entry.files[0].archive]
    write_vision_bundle(
        folder,
        contents,
        source=f"{archive.file}, SHA-256 {archive.sha256}",
        licence=entry.licence,
        notes=entry.trained_on,
    )


def _tools() -> dict[str, str]:
    return {name: version(name) for name in ("onnx", "onnxruntime")}


_BUILDERS: dict[str, Callable[[CatalogueEntry, Contents, Path], None]] = {
    "dlib-resnet": _build_dlib,
    "mobilefacenet": _build_mobilefacenet,
    "minifasnet": _build_minifasnet,
    VISION: _build_vision,
}
