"""Weights of a published graph: blocks of int8 are expanded as ONNX Runtime expands them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from edgeverify.errors import CheckpointError
from edgeverify.models.weights.onnx_chain import read_chain


def graph(
    nodes: Sequence[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    outputs: int,
    inputs: Sequence[str] = ("data",),
) -> bytes:
    made = helper.make_graph(
        nodes,
        "published",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 8]) for name in inputs],
        [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, [1, outputs])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return bytes(model.SerializeToString())


def quantised(rows: int, block: int, seed: int) -> bytes:
    """A linear layer of 8 values whose weights are stored in blocks of int8."""
    generator = np.random.default_rng(seed)
    blocks = -(-8 // block)
    weights = {
        "w": generator.integers(-128, 128, (rows, 8)).astype(np.int8),
        "scales": generator.uniform(0.01, 2, (rows, blocks)).astype(np.float32),
        "zeros": generator.integers(-20, 20, (rows, blocks)).astype(np.int8),
        "shape": np.array([rows, 8], np.int64),
    }
    nodes = [
        helper.make_node(
            "DequantizeLinear", ["w", "scales", "zeros"], ["flat"], axis=1, block_size=block
        ),
        helper.make_node("Reshape", ["flat", "shape"], ["matrix"]),
        helper.make_node("Dropout", ["data"], ["kept"]),
        helper.make_node("Gemm", ["kept", "matrix"], ["answer"], "linear", transB=1),
    ]
    return graph(nodes, weights, rows)


@settings(deadline=None)
@given(rows=st.integers(1, 5), block=st.sampled_from([1, 2, 4, 8]), seed=st.integers(0, 99))
def test_blocks_are_expanded_as_onnx_runtime_does(rows: int, block: int, seed: int) -> None:
    published = quantised(rows, block, seed)
    chain = read_chain(published)
    (layer,) = chain.layers  # the dropout is gone
    assert (layer.kind, layer.name, layer.number("transB", 0)) == ("Gemm", "linear", 1)
    x = np.random.default_rng(seed).normal(size=(1, 8)).astype(np.float32)
    session = onnxruntime.InferenceSession(published, providers=["CPUExecutionProvider"])
    wanted = session.run(None, {"data": x})[0]
    np.testing.assert_allclose(x @ layer.weights[0].T, wanted, rtol=1e-4, atol=1e-3)
    assert set(chain.tensors) == {"w", "scales", "zeros", "shape"}  # as they are stored


def _linear(*inputs: str, output: str = "answer") -> onnx.NodeProto:
    return helper.make_node("MatMul", list(inputs), [output], "linear")


W = {"w": np.ones((8, 8), np.float32)}


@pytest.mark.parametrize(
    ("published", "message"),
    [
        (b"no graph at all", "not an ONNX model"),
        (graph([_linear("data", "data")], W, 8), "linear also takes data"),
        (graph([_linear("data", "w", output="a"), _linear("data", "w")], W, 8), "takes data"),
        (graph([_linear("data", "w")], {"w": np.full((8, 8), np.nan, np.float32)}, 8), "NaN"),
        (
            graph([helper.make_node("Add", ["w", "data"], ["answer"], "sum")], W, 8),
            "sum mixes constants and pictures",
        ),
        (
            graph([helper.make_node("Neg", ["w"], ["m"], "n"), _linear("data", "m")], W, 8),
            "makes weights in an unknown way",
        ),
    ],
)
def test_what_is_no_chain_is_refused_by_name(published: bytes, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        read_chain(published)


def test_scales_that_do_not_fit_their_blocks_are_refused() -> None:
    model = onnx.load_model_from_string(quantised(2, 4, 0))
    (block_size,) = [one for one in model.graph.node[0].attribute if one.name == "block_size"]
    block_size.i = 2
    with pytest.raises(CheckpointError, match="do not fit blocks of 2"):
        read_chain(model.SerializeToString())
