"""Writing a bundle: whole, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from edgeverify.bundle.canonical_json import sha256_of
from edgeverify.bundle.embedding_space import embedding_space, int8_space_of, pad_space
from edgeverify.bundle.folder_writer import replace_file, write_folder
from edgeverify.bundle.manifest import (
    GOLDEN_FILE,
    MODEL_FILES,
    WEAK_NETWORKS,
    Manifest,
    PadManifest,
    PadNetwork,
    PadParityFigures,
    ParityFigures,
    Precision,
)
from edgeverify.bundle.operating_points import OperatingPointsFile
from edgeverify.bundle.verified_folder import MANIFEST_FILE, POINTS_FILE
from edgeverify.errors import BundleError
from edgeverify.feeding.statement import BundleModel, Feeding, Mirror
from edgeverify.feeding.template_kinds import Template, WholePictureTemplate
from edgeverify.feeding.templates import template_named
from edgeverify.models.golden_check import Golden, make_golden, make_pad_golden
from edgeverify.runtime.onnxruntime.session import OnnxRuntimeSession
from edgeverify.runtime.session import Session

_ALL_ZERO = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderRecipe:
    """Everything that a person states about an embedder; the rest of a manifest is computed."""

    name: str
    arch: str
    source_sha256: str
    weights_sha256: str | None
    structure_sha256: str = ""
    """Of the operators of an owner's own class, whose name does not say what it computes."""
    feeding: Feeding
    template: str
    alignment: Template | None = None
    """The template itself, where the release does not know it by its name."""
    embedding_size: int
    mirror: Mirror = "both"
    metric: Literal["cosine", "euclidean"] = "cosine"
    normalise: bool = True
    licence: str
    notes: str = ""
    weak: str = ""
    tool_versions: Mapping[str, str] = field(default_factory=dict)
    parity: tuple[ParityFigures, ...] = ()
    sigmoid: tuple[float, float] | None = None
    feeding_verified: bool = False
    kept_space: str = ""
    kept_int8_space: str = ""
    """The embedding spaces of a bundle that is only rewritten; empty: they are worked out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PadRecipe:
    """The same for presentation attack detection; `networks` say which file has which crop."""

    name: str
    arch: str
    feeding: Feeding
    networks: tuple[PadNetwork, ...]
    classes: int
    live_index: int
    licence: str
    notes: str = ""
    tool_versions: Mapping[str, str] = field(default_factory=dict)
    parity: tuple[PadParityFigures, ...] = ()


def write_embedder(
    folder: Path,
    recipe: EmbedderRecipe,
    models: Mapping[Precision, bytes],
    points: OperatingPointsFile | None = None,
) -> Manifest:
    """Write a bundle into `folder`, in place of what stands there; atomically.

    `models` are ONNX bytes by precision, "fp32" among them. The golden vectors are what they
    answer in ONNX Runtime on the CPU. BundleError or RuntimeUnavailableError leave nothing behind.
    """
    manifest, contents = embedder_files(recipe, models, points)
    write_folder(folder, contents)
    return manifest


def embedder_files(
    recipe: EmbedderRecipe,
    models: Mapping[Precision, bytes],
    points: OperatingPointsFile | None = None,
) -> tuple[Manifest, dict[str, bytes]]:
    """Make a bundle's manifest and every file of its folder; errors as `write_embedder`."""
    draft = _draft(recipe, int8="int8" in models)
    golden = _golden(draft, models)
    contents = {MODEL_FILES[precision]: data for precision, data in models.items()}
    contents[GOLDEN_FILE] = as_file(golden)
    manifest = draft.model_copy(update={"files": _hashes(contents)})
    return manifest, _everything(manifest, contents, points)


def write_pad(
    folder: Path,
    recipe: PadRecipe,
    models: Mapping[str, bytes],
    points: OperatingPointsFile | None = None,
) -> PadManifest:
    """Write a PAD bundle; `models` are ONNX bytes by file name. As `write_embedder`."""
    manifest, contents = pad_files(recipe, models, points)
    write_folder(folder, contents)
    return manifest


def pad_files(
    recipe: PadRecipe,
    models: Mapping[str, bytes],
    points: OperatingPointsFile | None = None,
) -> tuple[PadManifest, dict[str, bytes]]:
    """Make a PAD bundle's manifest and every file of its folder; errors as `write_embedder`."""
    draft = PadManifest(
        name=recipe.name,
        arch=recipe.arch,
        feeding=recipe.feeding,
        embedding_space=pad_space(
            sources=[(net.source_sha256, net.crop_scale) for net in recipe.networks],
            arch=recipe.arch,
            feeding=recipe.feeding,
            live_index=recipe.live_index,
        ),
        files={GOLDEN_FILE: _ALL_ZERO, **dict.fromkeys(models, _ALL_ZERO)},
        licence=recipe.licence,
        notes=recipe.notes,
        tool_versions=dict(recipe.tool_versions),
        networks=recipe.networks,
        classes=recipe.classes,
        live_index=recipe.live_index,
        parity=recipe.parity,
    )
    sessions = [_session(models[network.file]) for network in recipe.networks]
    contents = dict(models)
    contents[GOLDEN_FILE] = as_file(make_pad_golden(draft, sessions))
    manifest = draft.model_copy(update={"files": _hashes(contents)})
    return manifest, _everything(manifest, contents, points)


def _draft(recipe: EmbedderRecipe, *, int8: bool) -> Manifest:
    template = recipe.alignment or template_named(recipe.template)
    version = template.version

    def space(precision: str) -> str:
        return embedding_space(
            # Bundles of the first release know only the file that their weights came in.
            weights_sha256=recipe.weights_sha256 or recipe.source_sha256,
            arch=" ".join(filter(None, (recipe.arch, recipe.structure_sha256))),
            feeding=recipe.feeding,
            template=recipe.template,
            template_version=version,
            mirror=recipe.mirror,
            normalise=recipe.normalise,
            precision=precision,
        )

    def space_of_int8() -> str:
        if recipe.kept_space in ("", space("")):
            return space("int8")
        return int8_space_of(recipe.kept_space)

    files = {GOLDEN_FILE: _ALL_ZERO, MODEL_FILES["fp32"]: _ALL_ZERO}
    return Manifest(
        name=recipe.name,
        arch=recipe.arch,
        feeding=recipe.feeding,
        embedding_space=recipe.kept_space or space(""),
        files={**files, MODEL_FILES["int8"]: _ALL_ZERO} if int8 else files,
        licence=recipe.licence,
        notes=recipe.notes,
        weak=recipe.weak or _weak(recipe, template),
        tool_versions=dict(recipe.tool_versions),
        source_sha256=recipe.source_sha256,
        weights_sha256=recipe.weights_sha256,
        template=recipe.template,
        template_version=version,
        alignment=recipe.alignment,
        mirror=recipe.mirror,
        embedding_size=recipe.embedding_size,
        metric=recipe.metric,
        normalise=recipe.normalise,
        int8_embedding_space=(recipe.kept_int8_space or space_of_int8()) if int8 else None,
        sigmoid=recipe.sigmoid,
        parity=recipe.parity,
        feeding_verified=recipe.feeding_verified,
    )


def _weak(recipe: EmbedderRecipe, template: Template) -> str:
    if isinstance(template, WholePictureTemplate):
        return "it looks at the whole picture, wherever in it the face is"
    return WEAK_NETWORKS.get(recipe.arch, "")


def _golden(draft: Manifest, models: Mapping[Precision, bytes]) -> Golden:
    if "fp32" not in models:
        raise BundleError("a bundle needs its FP32 model")
    sessions: dict[Literal["fp32", "int8"], Session] = {"fp32": _session(models["fp32"])}
    if "int8" in models:
        sessions["int8"] = _session(models["int8"])
    return make_golden(draft, sessions)


def _session(model: bytes) -> Session:
    return OnnxRuntimeSession(model, device="cpu", precision="fp32", threads=1)


def _hashes(contents: Mapping[str, bytes]) -> dict[str, str]:
    return {name: sha256_of(data) for name, data in sorted(contents.items())}


def as_file(value: BundleModel) -> bytes:
    """Return what stands in a JSON file of a bundle."""
    return (value.model_dump_json(indent=1) + "\n").encode("utf-8")


def write_points(folder: Path, points: OperatingPointsFile) -> None:
    """Replace a bundle's operating points; its signature over them, if any, no longer fits."""
    replace_file(folder / POINTS_FILE, as_file(points))


def _everything(
    manifest: Manifest | PadManifest,
    contents: Mapping[str, bytes],
    points: OperatingPointsFile | None,
) -> dict[str, bytes]:
    everything = {**contents, MANIFEST_FILE: as_file(manifest)}
    if points is not None:
        everything[POINTS_FILE] = as_file(points)
    return everything
