"""A model bundle on disk: read whole, every hash verified, on every load.

Files that the manifest does not list are never opened. With an owner's key, the signature over
the list of files must fit too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edgeverify.bundle.graph_check import check_graph
from edgeverify.bundle.manifest import MODEL_FILES, Manifest, PadManifest, PadNetwork, Precision
from edgeverify.bundle.operating_points import OperatingPoints
from edgeverify.bundle.verified_folder import (
    MANIFEST_FILE,
    VerifiedFolder,
    verified_manifest,
    verified_points,
)
from edgeverify.errors import BundleError
from edgeverify.feeding.templates import advice_on_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle(VerifiedFolder):
    """An embedder."""

    manifest: Manifest

    @property
    def name(self) -> str:
        """The bundle's name."""
        return self.manifest.name

    @property
    def size(self) -> int:
        """Side of the square input in pixels."""
        return self.manifest.feeding.size

    @property
    def depth(self) -> int:
        """Channels of the input: 3, or 1 for grey."""
        return self.manifest.feeding.depth

    @property
    def metric(self) -> Literal["cosine", "euclidean"]:
        """How embeddings are compared."""
        return self.manifest.metric

    @property
    def parts(self) -> tuple[Bundle, ...]:
        """The networks whose embeddings make one: this alone."""
        return (self,)

    @property
    def batch(self) -> int:
        """Chips in one inference of the door: a face, and its mirror image where a probe has it."""
        return 2 if self.manifest.is_mirrored("probe") else 1

    def space_of(self, precisions: Sequence[Precision]) -> str:
        """Return the embedding space of a session of that precision (one, for its one network)."""
        (precision,) = precisions
        return self.manifest.space_of(precision)

    @property
    def operating_points(self) -> OperatingPoints | None:
        """The measured thresholds of FP32, FP16 and TensorRT, or None."""
        return self.operating_points_in(self.manifest.embedding_space)

    def has(self, precision: Precision) -> bool:
        """Return whether the bundle carries that form of the network."""
        return MODEL_FILES[precision] in self.manifest.files

    def model_bytes(self, precision: Precision) -> bytes:
        """Read the ONNX graph of that precision; BundleError where there is none."""
        if not self.has(precision):
            raise _no_form(self.manifest.name, precision)
        return self.read(self.manifest, MODEL_FILES[precision])


@dataclass(frozen=True, slots=True, kw_only=True)
class PadBundle(VerifiedFolder):
    """Presentation attack detection."""

    manifest: PadManifest

    @property
    def networks(self) -> tuple[PadGraph, ...]:
        """The bundle's networks in the manifest's order, as a back end opens them."""
        return tuple(PadGraph(self, network) for network in self.manifest.networks)

    @property
    def operating_points(self) -> OperatingPoints | None:
        """The measured thresholds of P(live), or None."""
        if self.points is None:
            return None
        return self.points.of_space(self.manifest.embedding_space)


@dataclass(frozen=True, slots=True)
class PadGraph:
    """One network of a PAD bundle."""

    bundle: PadBundle
    network: PadNetwork

    @property
    def name(self) -> str:
        """The bundle's name and the network's."""
        return f"{self.bundle.manifest.name}/{Path(self.network.file).stem}"

    @property
    def folder(self) -> Path:
        """The bundle's folder."""
        return self.bundle.folder

    @property
    def size(self) -> int:
        """Side of the square input in pixels."""
        return self.bundle.manifest.feeding.size

    @property
    def depth(self) -> int:
        """Channels of the input: 3, or 1 for grey."""
        return self.bundle.manifest.feeding.depth

    @property
    def batch(self) -> int:
        """One crop of one face at a time."""
        return 1

    def has(self, precision: Precision) -> bool:
        """Return whether the bundle carries that form of the network."""
        return self._file(precision) is not None

    def model_bytes(self, precision: Precision) -> bytes:
        """Read the ONNX graph of that precision; BundleError where there is none."""
        file = self._file(precision)
        if file is None:
            raise _no_form(self.bundle.manifest.name, precision)
        return self.bundle.read(self.bundle.manifest, file)

    def _file(self, precision: Precision) -> str | None:
        forms = {"fp32": self.network.file, "fp16": self.network.half_file}
        return forms.get(precision)


def load_bundle(folder: Path, *, owner_key: Ed25519PublicKey | None = None) -> Bundle:
    """Load an embedder; BundleError, naming the file and what to do, where anything is amiss."""
    manifest = verified_manifest(folder, Manifest, owner_key)
    template = manifest.aligns_by
    if template.version != manifest.template_version:
        raise BundleError(
            f"{folder / MANIFEST_FILE} was made for version {manifest.template_version} of the "
            f"alignment {manifest.template}, this release has version {template.version}",
            advice=advice_on_version(manifest.template, manifest.template_version),
        )
    for name in MODEL_FILES.values():
        if name in manifest.files:
            check_graph(
                (folder / name).read_bytes(),
                folder / name,
                size=manifest.feeding.size,
                depth=manifest.feeding.depth,
                outputs=manifest.embedding_size,
            )
    points = verified_points(folder, manifest.embedding_space, owner_key, manifest.metric)
    return Bundle(folder=folder, manifest=manifest, points=points)


def load_pad_bundle(folder: Path, *, owner_key: Ed25519PublicKey | None = None) -> PadBundle:
    """Load a PAD bundle; BundleError as in `load_bundle`."""
    manifest = verified_manifest(folder, PadManifest, owner_key)
    for network in manifest.networks:
        for file in filter(None, (network.file, network.half_file)):
            path, feeding = folder / file, manifest.feeding
            check_graph(
                path.read_bytes(),
                path,
                size=feeding.size,
                depth=feeding.depth,
                outputs=manifest.classes,
            )
    points = verified_points(folder, manifest.embedding_space, owner_key, "probability")
    return PadBundle(folder=folder, manifest=manifest, points=points)


def _no_form(name: str, precision: Precision) -> BundleError:
    return BundleError(
        f"the bundle {name} has no {precision} model",
        advice=f"Make one with `edgeverify-export {precision}`, or set model.precision to auto.",
    )
