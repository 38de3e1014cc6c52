"""What an order for an engine is refused for, and how 8.x's layers are found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from edgeverify_export.tensorrt.build import Order, compile_engine
from edgeverify_export.tensorrt.precision import constrain

from edgeverify.bundle.loading import load_bundle
from edgeverify.errors import ParityError, RuntimeUnavailableError
from edgeverify.models.graphs.graph import GraphBuilder
from edgeverify.progress import silent
from edgeverify.runtime.tensorrt.library import of_module
from tests.runtime.tensorrt_surface.gpu import Gpu
from tests.runtime.test_trt_session import VERSIONS, build
from tests.runtime.tiny import tiny_network, write_tiny


@pytest.fixture(params=VERSIONS)
def gpu(request: pytest.FixtureRequest) -> Gpu:
    return Gpu(request.param)


def compiled(gpu: Gpu, model: bytes, *, batch: int = 2, depth: int = 3) -> bytes:
    """Build, and return the timings to keep."""
    order = Order(
        onnx=model, precision="fp32", batch=batch, size=32, depth=depth, workspace_mebibytes=64
    )
    return compile_engine(of_module(gpu.tensorrt), order, b"", silent)[1]


def test_a_fixed_graph_is_not_built_for_another_batch(gpu: Gpu) -> None:
    model = onnx.load_model_from_string(tiny_network())
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    fixed = model.SerializeToString()
    compiled(gpu, fixed, batch=1)
    with pytest.raises(RuntimeUnavailableError, match=r"always takes an input of \(1, 3, 32, 32\)"):
        compiled(gpu, fixed, batch=2)
    assert len(gpu.built) == 1


def test_without_a_timing_cache_there_is_nothing_to_keep(gpu: Gpu, tmp_path: Path) -> None:
    gpu.refuses_timing = True
    assert compiled(gpu, tiny_network()) == b""
    write_tiny(tmp_path / "tiny")
    assert build(gpu, load_bundle(tmp_path / "tiny"), "fp32").fresh
    assert not list(tmp_path.rglob("timing.cache"))


def test_what_tensorrt_raises_while_it_builds_is_one_plain_sentence(
    gpu: Gpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_builder: object, _network: object, _config: object) -> None:
        raise TypeError("incompatible function arguments\nInvoked with: a page of types")

    monkeypatch.setattr(gpu.tensorrt.Builder, "build_serialized_network", fails)
    with pytest.raises(RuntimeUnavailableError) as said:
        compiled(gpu, tiny_network())
    assert said.value.problem.endswith("while it built the engine: incompatible function arguments")


def test_a_grey_network_gets_a_profile_of_one_channel(gpu: Gpu) -> None:
    model = onnx.load_model_from_string(tiny_network())
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1
    compiled(gpu, model.SerializeToString(), depth=1)
    assert "profile input (2, 1, 32, 32)" in gpu.calls


def test_a_graph_without_arithmetic_cannot_be_judged(gpu: Gpu) -> None:
    graph = GraphBuilder("empty")
    x = graph.node("Flatten", graph.node("Relu", "input"), axis=1)
    with pytest.raises(ParityError, match="no convolution or matrix product"):
        compiled(gpu, graph.build(x, size=32, outputs=3 * 32 * 32))
    assert not gpu.built


@pytest.mark.parametrize("version", ["8.5", "8.6"])
def test_8_x_spares_every_layer_that_an_operator_became(version: str) -> None:
    """The parser makes several layers of one operator and numbers the further ones."""
    trt = Gpu(version).tensorrt
    layers = []
    for name in ("loud", "loud_1", "loud_2", "louder"):
        one: Any = trt.ILayer()
        one.name, one.type = name, trt.LayerType.CONVOLUTION
        output = trt.ITensor()
        output.dtype = trt.DataType.FLOAT
        object.__setattr__(one, "_output", output)
        layers.append(one)
    network: Any = trt.INetworkDefinition()
    network._layers, network.num_layers = tuple(layers), len(layers)
    constrain(of_module(trt), network, ("loud",))
    kinds = [one.precision for one in layers]
    assert kinds == [trt.DataType.FLOAT] * 3 + [trt.DataType.HALF]
    assert np.all([one._forced == trt.DataType.FLOAT for one in layers[:3]])
