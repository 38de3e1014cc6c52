"""What this release knows of each network of the catalogue: its graph, feeding and alignment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version

from edgeverify.bundle.embedding_space import weights_sha256
from edgeverify.bundle.manifest import PadNetwork, Precision
from edgeverify.models.bundle_writer import EmbedderRecipe, PadRecipe
from edgeverify.models.catalogue import CatalogueEntry
from edgeverify.models.graphs import dlib_resnet, minifasnet, mobilefacenet, sface
from edgeverify.models.weights.dlib_weights import read_dlib_weights
from edgeverify.models.weights.legacy_pickle import read_state_dict
from edgeverify.models.weights.onnx_chain import read_chain
from edgeverify.models.weights.state_dict import StateDict

Contents = Mapping[str, bytes]
"""What lies in each file of weights, by its name."""

Embedder = tuple[EmbedderRecipe, dict[Precision, bytes]]
Pad = tuple[PadRecipe, dict[str, bytes]]


def sface_recipe(entry: CatalogueEntry, contents: Contents) -> Embedder:
    """SFace; CheckpointError where the weights do not fit."""
    (file,) = entry.files
    chain = read_chain(contents[file.file])
    recipe = EmbedderRecipe(
        name=entry.name,
        arch="sface",
        source_sha256=file.sha256,
        weights_sha256=weights_sha256(chain.tensors),
        feeding=sface.FEEDING,
        template="arcface-112",
        embedding_size=sface.EMBEDDING_SIZE,
        mirror="reference",
        licence=entry.licence,
        notes=entry.trained_on,
        tool_versions=_tools(),
        feeding_verified=True,
    )
    return recipe, {"fp32": sface.build_sface(chain)}


def dlib_recipe(entry: CatalogueEntry, contents: Contents) -> Embedder:
    """Dlib's ResNet; CheckpointError where the weights do not fit."""
    (file,) = entry.files
    weights = read_dlib_weights(contents[file.file])
    recipe = EmbedderRecipe(
        name=entry.name,
        arch="dlib-resnet",
        source_sha256=file.sha256,
        weights_sha256=weights_sha256(weights.tensors),
        feeding=dlib_resnet.FEEDING,
        template="dlib-150",
        embedding_size=128,
        licence=entry.licence,
        notes=entry.trained_on,
        tool_versions=_tools(),
        feeding_verified=True,
    )
    return recipe, {"fp32": dlib_resnet.build_dlib_network(weights)}


def mobilefacenet_recipe(entry: CatalogueEntry, contents: Contents) -> Embedder:
    """MobileFaceNet; CheckpointError where the weights do not fit."""
    (file,) = entry.files
    state = StateDict(read_state_dict(contents[file.file]))
    recipe = EmbedderRecipe(
        name=entry.name,
        arch="mobilefacenet",
        source_sha256=file.sha256,
        weights_sha256=weights_sha256(state.tensors),
        feeding=mobilefacenet.FEEDING,
        template="arcface-112",
        embedding_size=mobilefacenet.EMBEDDING_SIZE,
        licence=entry.licence,
        notes=entry.trained_on,
        tool_versions=_tools(),
        feeding_verified=True,
    )
    return recipe, {"fp32": mobilefacenet.build_mobilefacenet(state)}


def minifasnet_recipe(entry: CatalogueEntry, contents: Contents) -> Pad:
    """Both MiniFASNets; CheckpointError where the weights do not fit."""
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
    return recipe, models


def _tools() -> dict[str, str]:
    return {name: version(name) for name in ("onnx", "onnxruntime")}


EMBEDDERS: dict[str, Callable[[CatalogueEntry, Contents], Embedder]] = {
    "sface": sface_recipe,
    "dlib-resnet": dlib_recipe,
    "mobilefacenet": mobilefacenet_recipe,
}
PAD: dict[str, Callable[[CatalogueEntry, Contents], Pad]] = {"minifasnet": minifasnet_recipe}
