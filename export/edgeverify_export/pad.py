"""Presentation attack detection: MiniFASNet checkpoints, or any PAD graph, become one bundle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx

from edgeverify.bundle.canonical_json import sha256_of_file
from edgeverify.bundle.loading import PadBundle, load_pad_bundle
from edgeverify.bundle.manifest import MODEL_FILES, PadNetwork
from edgeverify.bundle.operating_points import OperatingPointsFile
from edgeverify.errors import CheckpointError, ConfigError, ParityError
from edgeverify.feeding.statement import Feeding
from edgeverify.models.bundle_writer import PadRecipe, write_pad, write_points
from edgeverify.models.catalogue import shipped_operating_points
from edgeverify.models.graphs.minifasnet import FEEDING, LIVE_INDEX
from edgeverify_export.assemble import bundle_name, require_free, tool_versions
from edgeverify_export.canonical_graph import canonical
from edgeverify_export.pad_half import make_halves, pad_inputs
from edgeverify_export.sessions import checked, run_graph

if TYPE_CHECKING:
    from torch import nn

_MAX_DIFFERENCE = 1e-3
"""On raw scores, which are not normalised and reach about 10."""


@dataclass(frozen=True, slots=True)
class PadSource:
    """A file with one network, and the crop of the frame that it looks at."""

    path: Path
    crop_scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PadStatement:
    """How the networks are fed, and which of their outputs means 'a live person'."""

    arch: str = "minifasnet"
    feeding: Feeding = FEEDING
    live_index: int = LIVE_INDEX


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePad:
    """A written PAD bundle, the largest difference between PyTorch and ONNX, and remarks."""

    bundle: PadBundle
    difference: float
    remarks: tuple[str, ...]


def export_pad(
    sources: tuple[PadSource, ...],
    folder: Path,
    statement: PadStatement,
    *,
    name: str | None = None,
    licence: str = "owner's",
    half: bool = True,
) -> MadePad:
    """Make a PAD bundle with FP32 and FP16 graphs.

    `.onnx` files are taken as they are; others are MiniFASNet state dicts. One network is
    `model.onnx`; several keep the names of their files. CheckpointError, ParityError or
    BundleError leave nothing behind.
    """
    require_free(folder)
    models: dict[str, bytes] = {}
    networks: list[PadNetwork] = []
    worst, classes = 0.0, set[int]()
    for source in sources:
        model, difference = _graph(source.path, statement.feeding)
        worst = max(worst, difference)
        classes.add(model.graph.output[0].type.tensor_type.shape.dim[1].dim_value)
        file = f"{source.path.stem}.onnx" if len(sources) > 1 else MODEL_FILES["fp32"]
        if file in models:
            raise ConfigError(f"two networks would both be {file}", advice="Rename one file.")
        models[file] = model.SerializeToString(deterministic=True)
        networks.append(
            PadNetwork(
                file=file,
                crop_scale=source.crop_scale,
                source_sha256=sha256_of_file(source.path),
            )
        )
    if len(classes) != 1:
        raise CheckpointError(f"the networks have different numbers of classes: {classes}")
    remarks: tuple[str, ...] = ()
    if half:
        halves = make_halves(networks, models, statement.feeding, statement.live_index)
        models.update(halves.models)
        networks, remarks = list(halves.networks), halves.remarks
    recipe = PadRecipe(
        name=bundle_name(name, folder),
        arch=statement.arch,
        feeding=statement.feeding,
        networks=tuple(networks),
        classes=classes.pop(),
        live_index=statement.live_index,
        licence=licence,
        notes="from " + ", ".join(source.path.name for source in sources),
        tool_versions=tool_versions("onnx"),
    )
    write_pad(folder, recipe, models, OperatingPointsFile.of(()))
    bundle = load_pad_bundle(folder)
    points = shipped_operating_points("minifasnet")
    if points is not None and points.of_space(bundle.manifest.embedding_space) is not None:
        # The very networks, fed the same way, that this release's own figures are of.
        write_points(folder, points)
        bundle = load_pad_bundle(folder)
    return MadePad(bundle=bundle, difference=worst, remarks=remarks)


def _graph(path: Path, feeding: Feeding) -> tuple[onnx.ModelProto, float]:
    if path.suffix == ".onnx":
        try:
            return checked(canonical(onnx.load_model_from_string(path.read_bytes()))), 0.0
        except CheckpointError:
            raise
        except Exception:  # noqa: BLE001 - protobuf's error has no stable, typed home
            raise CheckpointError(f"{path} is not an ONNX model that can be read") from None
    return _minifasnet(path, feeding)


def _minifasnet(path: Path, feeding: Feeding) -> tuple[onnx.ModelProto, float]:
    from edgeverify.models.graphs.minifasnet import build_minifasnet  # noqa: PLC0415
    from edgeverify.models.weights.legacy_pickle import read_state_dict  # noqa: PLC0415
    from edgeverify.models.weights.state_dict import StateDict  # noqa: PLC0415

    network = load_minifasnet(path)
    built = build_minifasnet(StateDict(read_state_dict(path.read_bytes())))
    # The graph is the one that `models fetch` builds without torch; PyTorch proves it here.
    model = checked(onnx.load_model_from_string(built))
    difference = compare_scores(network, model, feeding)
    return model, difference


def load_minifasnet(path: Path) -> nn.Module:
    """Load a MiniFASNet state dict into the PyTorch network; CheckpointError lists misfits."""
    from edgeverify_export.checkpoint import read_checkpoint  # noqa: PLC0415 - torch
    from edgeverify_export.fitting import compare  # noqa: PLC0415
    from edgeverify_export.networks.catalogue import minifasnet  # noqa: PLC0415

    weights = read_checkpoint(path).weights
    try:
        network = minifasnet(weights)
    except (KeyError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} is not a MiniFASNet: {error} is missing") from None
    misfit = compare(network, weights)
    if misfit:
        raise CheckpointError(f"{path} is not a MiniFASNet: {misfit}")
    network.load_state_dict(dict(weights), strict=False)
    return network.eval()


def compare_scores(network: nn.Module, model: onnx.ModelProto, feeding: Feeding) -> float:
    """Return the largest difference of raw scores, PyTorch against ONNX; ParityError above 1e-3."""
    from edgeverify_export.onnx_graph import run_network  # noqa: PLC0415 - torch

    inputs = pad_inputs(feeding)
    difference = float(
        np.abs(run_network(network, inputs) - run_graph(model.SerializeToString(), inputs)).max()
    )
    if not difference <= _MAX_DIFFERENCE:
        raise ParityError(f"the PAD graph and PyTorch give different answers: {difference:.2g}")
    return difference
