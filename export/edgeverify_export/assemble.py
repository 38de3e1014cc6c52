"""From a network or a graph to a whole bundle on disk.

`require_free` says where a new bundle may go.
"""

from __future__ import annotations

import json
import platform
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx

from edgeverify import __version__
from edgeverify.bundle.golden_frames import COUNT, golden_frame, golden_points
from edgeverify.bundle.loading import Bundle, load_bundle
from edgeverify.bundle.operating_points import OperatingPointsFile
from edgeverify.bundle.signature import MANIFEST_SIGNATURE
from edgeverify.bundle.verified_folder import VerifiedFolder, read_manifest
from edgeverify.errors import BundleError, ConfigError
from edgeverify.feeding.alignment import align_points
from edgeverify.feeding.preprocessing import feed
from edgeverify.feeding.templates import template_named
from edgeverify.models.bundle_writer import EmbedderRecipe, write_embedder
from edgeverify_export.half import HalfGraph, to_half

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeverify.bundle.manifest import Manifest, Precision
    from edgeverify.feeding.preprocessing import Batch
    from edgeverify.feeding.statement import Feeding
    from edgeverify.feeding.template_kinds import Template


def require_free(folder: Path) -> None:
    """Refuse, by BundleError, to replace anything but a bundle or an empty folder."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise BundleError(f"{folder} is a file", advice="Choose another --output.")
    if any(folder.iterdir()) and not (folder / "manifest.json").is_file():
        raise BundleError(
            f"{folder} holds something that is not a bundle", advice="Choose another --output."
        )


_NAME = re.compile(r"[^A-Za-z0-9._\-]+")


@dataclass(frozen=True, slots=True)
class Assembled:
    """A written bundle, and what is worth telling about how it was made."""

    bundle: Bundle
    remarks: tuple[str, ...]


def assemble(
    folder: Path, recipe: EmbedderRecipe, model: onnx.ModelProto, *, half: bool = True
) -> Assembled:
    """Write FP32 and FP16 graphs with golden vectors and no operating points, and load it back.

    BundleError and RuntimeUnavailableError leave nothing behind.
    """
    models: dict[Precision, bytes] = {"fp32": model.SerializeToString(deterministic=True)}
    remarks: tuple[str, ...] = ()
    if half:
        made = to_half(model, extreme_inputs(recipe.feeding, alignment_of(recipe)))
        models["fp16"] = made.model.SerializeToString(deterministic=True)
        remarks = (half_remark(made),)
    before = _space_before(folder)
    manifest = write_embedder(folder, recipe, models, OperatingPointsFile.of(()))
    if before not in (None, manifest.embedding_space):
        remarks = (*remarks, ANOTHER_SPACE)
    return Assembled(load_bundle(folder), remarks)


ANOTHER_SPACE = (
    "another embedding space than the bundle that was here: the references and thresholds of that "
    "one do not fit, so enrol and calibrate again"
)


def _space_before(folder: Path) -> str | None:
    """Return the embedding space of the bundle that stands in a folder; None without one."""
    try:
        stated = json.loads(read_manifest(folder))["embedding_space"]
    except (BundleError, OSError, ValueError, KeyError, TypeError):
        return None
    return str(stated)


def half_remark(made: HalfGraph) -> str:
    """Return which operators stayed FP32."""
    if not made.kept:
        return "FP16: every operator converted"
    return f"FP16: kept in FP32 because of large values: {', '.join(made.kept)}"


def rewrite(bundle: Bundle, models: Mapping[Precision, bytes], **changes: object) -> Bundle:
    """Rewrite the bundle with other graphs or figures; its identity and points stay."""
    recipe = replace(recipe_of(bundle.manifest), **changes)  # type: ignore[arg-type]
    write_embedder(bundle.folder, recipe, models, bundle.points or OperatingPointsFile.of(()))
    return load_bundle(bundle.folder)


def is_signed(bundle: VerifiedFolder) -> bool:
    """Return whether an owner's signature lies in the folder."""
    return (bundle.folder / MANIFEST_SIGNATURE).exists()


def models_of(bundle: Bundle) -> dict[Precision, bytes]:
    """Read every graph that the bundle carries."""
    precisions: tuple[Precision, ...] = ("fp32", "fp16", "int8")
    return {p: bundle.model_bytes(p) for p in precisions if bundle.has(p)}


def recipe_of(manifest: Manifest) -> EmbedderRecipe:
    """Take a manifest back to what was stated."""
    return EmbedderRecipe(
        name=manifest.name,
        arch=manifest.arch,
        source_sha256=manifest.source_sha256,
        weights_sha256=manifest.weights_sha256,
        feeding=manifest.feeding,
        template=manifest.template,
        alignment=manifest.alignment,
        embedding_size=manifest.embedding_size,
        mirror=manifest.mirror,
        metric=manifest.metric,
        normalise=manifest.normalise,
        licence=manifest.licence,
        notes=manifest.notes,
        tool_versions=manifest.tool_versions,
        parity=manifest.parity,
        sigmoid=manifest.sigmoid,
        feeding_verified=manifest.feeding_verified,
        weak=manifest.weak,
        kept_space=manifest.embedding_space,
        kept_int8_space=manifest.int8_embedding_space or "",
    )


def alignment_of(recipe: EmbedderRecipe) -> Template:
    """Return the template that a recipe's chips are cut by."""
    return recipe.alignment or template_named(recipe.template)


def extreme_inputs(feeding: Feeding, template: Template) -> Batch:
    """Fed chips that stretch a network's values: the golden faces, black, white and noise."""
    size = feeding.size
    chips = [
        align_points(
            golden_frame(index), golden_points(index, template), template, size, feeding.resize
        ).rgb
        for index in range(COUNT)
    ]
    chips += extreme_chips(size)
    return np.concatenate([feed(chip, feeding) for chip in chips])


def extreme_chips(size: int) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    """Black, white and noise, uint8 (size, size, 3) each."""
    noise = np.random.default_rng(11).integers(0, 256, (size, size, 3), dtype=np.uint8)
    return [
        np.zeros((size, size, 3), np.uint8),
        np.full((size, size, 3), 255, np.uint8),
        noise,
    ]


def bundle_name(wanted: str | None, folder: Path) -> str:
    """Return the name as stated, or the folder's; ConfigError where neither can be one."""
    name = _NAME.sub("-", wanted or folder.resolve().name).strip("-.")
    if not name:
        raise ConfigError("the bundle needs a name", advice="Give --name.")
    return name


def tool_versions(*modules: str) -> dict[str, str]:
    """Return the versions for the manifest: ours, Python's, and those of the named packages."""
    from importlib.metadata import version  # noqa: PLC0415 - only here

    found = {"edgeverify": __version__, "python": platform.python_version()}
    return {**found, **{name: version(name) for name in modules}}
