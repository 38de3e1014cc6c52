"""PReLU in steps: the same answers, and left alone wherever the steps do not fit."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeverify.models.graphs.graph import GraphBuilder
from edgeverify.runtime.onnxruntime.prelu import suits, without_prelu


def network(channels: int, seed: int, *, shared: bool = False) -> bytes:
    """Two convolutions with PReLU, the second added to the first, then a linear layer."""
    generator = np.random.default_rng(seed)

    def drawn(*shape: int) -> NDArray[np.float32]:
        return generator.normal(0, 0.5, shape).astype(np.float32)

    graph = GraphBuilder("two")
    slope = drawn(1 if shared else channels)
    first = graph.prelu(graph.convolution("input", drawn(channels, 3, 3, 3), padding=1), slope)
    inner = graph.prelu(
        graph.convolution(first, drawn(channels, 1, 3, 3), padding=1, groups=channels), slope
    )
    both = graph.node("Add", first, inner)
    features = graph.node("Flatten", graph.node("GlobalAveragePool", both), axis=1)
    return graph.build(graph.linear(features, drawn(4, channels)), size=16, outputs=4)


def run(model: bytes, x: NDArray[np.float32]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    answer: NDArray[np.float32] = session.run(None, {"input": x})[0]
    return answer


def kinds(model: bytes) -> list[str]:
    return [node.op_type for node in onnx.load_model_from_string(model).graph.node]


@settings(max_examples=20, deadline=None)
@given(channels=st.integers(2, 24), seed=st.integers(0, 999), batch=st.integers(1, 3))
def test_the_answers_are_the_same(channels: int, seed: int, batch: int) -> None:
    model = network(channels, seed)
    steps = without_prelu(model)
    assert "PRelu" in kinds(model)
    assert "PRelu" not in kinds(steps)
    onnx.checker.check_model(onnx.load_model_from_string(steps), full_check=True)
    x = np.random.default_rng(seed).normal(0, 3, (batch, 3, 16, 16)).astype(np.float32)
    wanted = run(model, x)
    np.testing.assert_allclose(run(steps, x), wanted, atol=1e-5 * max(1, np.abs(wanted).max()))


def test_what_the_steps_do_not_fit_stays_as_it_is() -> None:
    plain = GraphBuilder("plain")
    kernel = np.ones((2, 3, 16, 16), np.float32)
    flat = plain.node("Flatten", plain.convolution("input", kernel), axis=1)
    no_prelu = plain.build(flat, size=16, outputs=2)
    assert without_prelu(no_prelu) is no_prelu
    shared = network(4, 1, shared=True)  # one slope for all channels
    assert kinds(without_prelu(shared)) == kinds(shared)


@pytest.mark.parametrize(("machine", "wanted"), [("x86_64", True), ("aarch64", False)])
def test_only_where_onnx_runtime_computes_in_blocks(machine: str, wanted: bool) -> None:  # noqa: FBT001
    assert suits(machine) is wanted
