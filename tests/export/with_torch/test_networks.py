"""The networks are the ones that people train: same names, same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from edgeverify_export.checkpoint import read_checkpoint
from edgeverify_export.fitting import compare, fit
from edgeverify_export.networks.catalogue import minifasnet
from edgeverify_export.networks.table import ARCHITECTURES
from edgeverify_export.onnx_graph import run_network
from edgeverify_export.parity.faces import FoundFace

from edgeverify.feeding.statement import Feeding
from tests.export.with_torch.stages import fed

pytestmark = pytest.mark.export


def test_mobilefacenet_answers_as_its_published_onnx(
    trained_models: Path, some_faces: tuple[FoundFace, ...]
) -> None:
    row = ARCHITECTURES["mobilefacenet"]
    network = fit(read_checkpoint(trained_models / "mobilefacenet.pt"), row).network
    statistics = row.statistics
    feeding = Feeding(
        size=112,
        channels="rgb",
        scale=statistics.scale,
        mean=statistics.mean,
        std=statistics.std,
    )
    faces = fed(some_faces, feeding, "arcface-112")
    published = onnxruntime.InferenceSession(
        trained_models / "MobileFaceNet.onnx", providers=["CPUExecutionProvider"]
    )
    wanted = np.concatenate([published.run(None, {"input0": face[None]})[0] for face in faces])
    assert np.abs(run_network(network, faces) - wanted).max() < 1e-4


@pytest.mark.parametrize(
    ("file", "has_excite"),
    [("2.7_80x80_MiniFASNetV2.pth", False), ("4_0_0_80x80_MiniFASNetV1SE.pth", True)],
)
def test_minifasnet_has_every_key_of_the_published_weights(
    trained_models: Path, file: str, *, has_excite: bool
) -> None:
    weights = read_checkpoint(trained_models / file).weights
    network = minifasnet(weights)
    assert not compare(network, weights)
    assert any("se_module" in key for key in network.state_dict()) is has_excite


def test_dlib_resnet_halves_odd_and_even_sides() -> None:
    network = ARCHITECTURES["dlib-resnet"].build({}).eval()
    for size in (150, 151, 128):
        with torch.no_grad():
            assert network(torch.zeros(1, 3, size, size)).shape == (1, 128)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("siamese-efficientnetv2-b0", ("backbone.conv_stem.weight", "embedder.weight")),
        ("arcface-efficientnetv2-b0", ("trunk.conv_stem.weight", "trunk.classifier.weight")),
        ("siamese-efficientnetv2-s", ("backbone.classifier.1.weight", "fc.weight")),
        ("siamese-vgg19", ("features.34.weight", "embedder.weight")),
    ],
)
def test_keys_are_those_of_the_training_scripts(name: str, keys: tuple[str, ...]) -> None:
    with torch.device("meta"):
        state = ARCHITECTURES[name].build({}).state_dict()
    assert set(keys) <= set(state)


@pytest.mark.parametrize(
    ("name", "layer", "size"),
    [
        ("siamese-efficientnetv2-b0", "embedder", 256),
        ("siamese-vgg19", "embedder", 32),
        ("mobilefacenet", "conv3", 512),
    ],
)
def test_the_embedding_size_is_read_off_the_weights(name: str, layer: str, size: int) -> None:
    with torch.device("meta"):
        network = ARCHITECTURES[name].build({f"{layer}.weight": torch.empty(size, 1)})
    assert network.state_dict()[f"{layer}.weight"].shape[0] == size
