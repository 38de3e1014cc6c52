"""Keras networks, as tf2onnx itself wrote them, answer in a bundle as Keras answered.

The graphs in `keras/` were made by TensorFlow 2.15.1 with its Keras (a small network with batch
norm, PReLU, a depthwise convolution, swish, dropout and an L2 norm, random weights) and

    python -m tf2onnx.convert --saved-model DIR --opset 17 --output channels_last.onnx
    python -m tf2onnx.convert --saved-model DIR --opset 17 --inputs-as-nchw face:0 --output ...

of tf2onnx 1.17.0; the answers are what `model.predict` gave. TensorFlow is not needed here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from edgeverify_export.adopt import adopt_graph
from edgeverify_export.canonical_graph import flat_output
from edgeverify_export.sessions import run_graph
from edgeverify_export.statement import Statement
from onnx import TensorProto, helper

from edgeverify.bundle.loading import load_bundle
from tests.runtime.tiny import tiny_network

KERAS = Path(__file__).parent / "keras"
STATED = Statement(statistics="signed-unit", template="arcface-112", metric="cosine")


def inputs(depth: int) -> np.ndarray:
    """What `predict` was given, channels last."""
    return np.random.default_rng(2).normal(size=(3, 32, 32, depth)).astype(np.float32)


@pytest.mark.parametrize(
    ("graph", "answers", "depth", "said"),
    [
        ("channels_last", "colour", 3, True),
        ("channels_first", "colour", 3, False),
        ("grey", "grey", 1, True),
    ],
)
def test_a_bundle_answers_as_keras_did(
    tmp_path: Path, graph: str, answers: str, depth: int, *, said: bool
) -> None:
    made = adopt_graph(KERAS / f"{graph}.onnx", tmp_path / "mine", STATED)
    assert ("channels last: a transpose was put before the input" in made.remarks) == said
    bundle = load_bundle(tmp_path / "mine")
    assert bundle.manifest.feeding.channels == ("grey" if depth == 1 else "rgb")
    given = np.ascontiguousarray(inputs(depth).transpose(0, 3, 1, 2))
    found = run_graph(bundle.model_bytes("fp32"), given)
    wanted = np.load(KERAS / f"{answers}_answers.npy")
    assert np.abs(found - wanted).max() < 1e-5


def test_an_output_with_sides_of_one_is_flattened(tmp_path: Path) -> None:
    """(batch, n, 1, 1), as a converter of OpenVINO's IR leaves it."""
    model = onnx.load_model_from_string(tiny_network())
    output = model.graph.output[0]
    model.graph.node.append(
        helper.make_node("Unsqueeze", [output.name, "behind"], ["wide"], name="widen")
    )
    model.graph.initializer.append(
        helper.make_tensor("behind", TensorProto.INT64, [2], [2, 3])
    )  # fmt: skip
    del model.graph.output[:]
    model.graph.output.append(
        helper.make_tensor_value_info("wide", TensorProto.FLOAT, ["batch", 8, 1, 1])
    )
    onnx.save(model, tmp_path / "wide.onnx")
    made = adopt_graph(tmp_path / "wide.onnx", tmp_path / "mine", STATED)
    assert "output (batch, 8, 1, 1): it was flattened" in made.remarks
    x = np.random.default_rng(1).normal(size=(2, 3, 32, 32)).astype(np.float32)
    found = run_graph(load_bundle(tmp_path / "mine").model_bytes("fp32"), x)
    assert np.abs(found - run_graph(tiny_network(), x)).max() < 1e-5


def test_any_other_output_is_left_alone() -> None:
    model = onnx.load_model_from_string(tiny_network())
    assert flat_output(model) == (model, None)
