"""From the catalogue to a bundle in the models folder, made when it is first needed."""

from __future__ import annotations

from pathlib import Path

from edgeverify.bundle.manifest import PadManifest
from edgeverify.bundle.verified_folder import read_manifest, require_kind
from edgeverify.bundle.vision_bundle import NAME as VISION
from edgeverify.errors import BundleError
from edgeverify.home_folder import expanded
from edgeverify.models.catalogue import Catalogue, CatalogueEntry, load_catalogue
from edgeverify.models.folder_lock import folder_lock
from edgeverify.progress import Progress, silent
from edgeverify.settings import DEFAULT_BUNDLE

UNASKED = frozenset({DEFAULT_BUNDLE, VISION})
"""What is made at first need; any other model only at the user's command."""


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
    if name not in UNASKED:
        raise BundleError(
            f"the model {name} is not in {models}",
            advice=f"Run `edgeverify models fetch {name}`.",
        )
    with folder_lock(models, progress):
        if not folder.is_dir():  # another door may have made it meanwhile
            _make(entry, models, source=None, cache=cache, progress=progress)
    return folder


def resolve_bundle(
    setting: str,
    models: Path,
    *,
    folder: Path,
    progress: Progress = silent,
    cache: Path | None = None,
) -> Path:
    """Return the folder that `model.bundle` or `model.pad_bundle` means: a path, or a name.

    A relative path starts from `folder`, the config's.
    """
    if "/" in setting or setting in {".", ".."}:
        return folder / expanded(Path(setting))
    if setting not in {entry.name for entry in load_catalogue().models}:
        installed = models / setting
        if installed.is_dir():
            return installed
    return ensure_bundle(setting, models, progress=progress, cache=cache)


def typed_bundle(text: str) -> str:
    """Return what was typed at a terminal as a setting has it.

    A folder in sight wins over a name of the catalogue; a path starts from where it was typed, and
    not from a config's folder.
    """
    is_path = "/" in text or Path(text).is_dir()
    return str(expanded(Path(text)).absolute()) if is_path else text


def require_bundle(setting: str, models: Path, *, folder: Path, for_liveness: bool = False) -> None:
    """Raise BundleError where a setting leads to no bundle, and none will be made for it.

    Nothing is fetched, and of a bundle only the manifest is looked for: it is verified by whoever
    loads it. A bundle `for_liveness` must say that it is one, because a door starts without it.
    """
    if setting not in UNASKED or (models / setting).is_dir():
        found = resolve_bundle(setting, models, folder=folder)
        manifest = read_manifest(found)
        if for_liveness:
            require_kind(found, PadManifest, manifest)


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
        _make(entry, models, source=source, cache=cache, progress=progress, catalogue=known)
    return models / entry.name


def _make(
    entry: CatalogueEntry,
    models: Path,
    *,
    source: Path | None,
    cache: Path | None,
    progress: Progress,
    catalogue: Catalogue | None = None,
) -> None:
    # A door that has its models, and so nearly every start, loads nothing of what makes them.
    from edgeverify.models.making import make_bundle  # noqa: PLC0415

    make_bundle(
        entry,
        models,
        source=source,
        cache=cache,
        progress=progress,
        catalogue=catalogue or load_catalogue(),
        unasked=UNASKED,
    )
