"""A network of a few hundred numbers, for tests about everything but its answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeverify.bundle.manifest import Manifest, PadManifest, PadNetwork
from edgeverify.bundle.measured_point import MeasuredPoint
from edgeverify.bundle.operating_points import OperatingPoints, OperatingPointsFile
from edgeverify.feeding.statement import Feeding
from edgeverify.models.bundle_writer import EmbedderRecipe, PadRecipe, write_embedder, write_pad
from edgeverify.models.graphs.graph import GraphBuilder

FEEDING = Feeding(
    size=32,
    channels="rgb",
    scale=1 / 255,
    mean=(0.5, 0.5, 0.5),
    std=(0.25, 0.25, 0.25),
)
OUTPUTS = 8


def tiny_network(seed: int = 1, *, outputs: int = OUTPUTS) -> bytes:
    """A convolution of 8x8 patches and a linear layer: (batch, 3, 32, 32) to (batch, outputs)."""
    random = np.random.default_rng(seed)
    graph = GraphBuilder("tiny")
    kernel = random.normal(size=(4, 3, 8, 8)).astype(np.float32)
    x = graph.node("Relu", graph.convolution("input", kernel, stride=8))
    matrix = random.normal(size=(outputs, 4 * 16)).astype(np.float32)
    x = graph.linear(graph.node("Flatten", x, axis=1), matrix)
    return graph.build(x, size=32, outputs=outputs)


def tiny_recipe(name: str = "tiny", feeding: Feeding = FEEDING) -> EmbedderRecipe:
    return EmbedderRecipe(
        name=name,
        arch="tiny",
        source_sha256="ab" * 32,
        weights_sha256="cd" * 32,
        feeding=feeding,
        template="arcface-112",
        embedding_size=OUTPUTS,
        licence="none",
    )


def write_tiny(folder: Path, points: tuple[MeasuredPoint, ...] | None = None) -> Manifest:
    manifest = write_embedder(folder, tiny_recipe(folder.name), {"fp32": tiny_network()})
    if points is None:
        return manifest
    file = points_file(manifest, points)
    return write_embedder(folder, tiny_recipe(folder.name), {"fp32": tiny_network()}, file)


def points_file(manifest: Manifest, points: tuple[MeasuredPoint, ...]) -> OperatingPointsFile:
    space = manifest.embedding_space
    return OperatingPointsFile.of((OperatingPoints(embedding_space=space, points=points),))


def write_tiny_pad(folder: Path) -> PadManifest:
    recipe = PadRecipe(
        name=folder.name,
        arch="tiny",
        feeding=FEEDING,
        networks=(
            PadNetwork(file="near.onnx", crop_scale=1.5, source_sha256="ab" * 32),
            PadNetwork(file="far.onnx", crop_scale=4.0, source_sha256="cd" * 32),
        ),
        classes=3,
        live_index=1,
        licence="none",
    )
    models = {"near.onnx": tiny_network(2, outputs=3), "far.onnx": tiny_network(3, outputs=3)}
    return write_pad(folder, recipe, models)


def point(fmr: float, threshold: float, *, supported: bool = True) -> MeasuredPoint:
    return MeasuredPoint(
        threshold=threshold,
        fmr=fmr,
        fnmr=0.01,
        fmr_upper_95=fmr,
        false_matches=3,
        non_mated=1_000_000,
        mated=100,
        dataset="a test",
        date="2026-11-22",
        supported=supported,
    )
