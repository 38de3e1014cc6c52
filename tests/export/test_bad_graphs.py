"""ONNX files that cannot be adopted, and the FP16 conversion's care for large values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from edgeverify_export.adopt import adopt_graph
from edgeverify_export.half import to_half
from edgeverify_export.sessions import cosine_rows, run_graph
from edgeverify_export.statement import Statement
from onnx import TensorProto, helper, numpy_helper

from edgeverify.errors import (
    BundleError,
    CheckpointError,
    ConfigError,
    RuntimeUnavailableError,
)
from tests.runtime.tiny import tiny_network

STATED = Statement(statistics="unit", template="arcface-112", metric="cosine")


def refused(path: Path, statement: Statement = STATED) -> str:
    wanted = (CheckpointError, BundleError, ConfigError, RuntimeUnavailableError)
    with pytest.raises(wanted) as caught:
        adopt_graph(path, path.parent / "bundle", statement)
    assert not (path.parent / "bundle").exists()
    return str(caught.value)


def saved(path: Path, model: onnx.ModelProto) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def network() -> onnx.ModelProto:
    return onnx.load_model_from_string(tiny_network())


def test_a_good_graph_is_adopted_without_torch(tmp_path: Path) -> None:
    made = adopt_graph(saved(tmp_path / "a.onnx", network()), tmp_path / "bundle", STATED)
    assert made.bundle.manifest.embedding_size == 8
    assert made.bundle.has("fp16")


def test_no_graph_at_all(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "a.onnx")
    (tmp_path / "b.onnx").write_bytes(b"this is text, not a graph")
    refused(tmp_path / "b.onnx")


def test_external_data_is_never_read(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    onnx.save(network(), path, save_as_external_data=True, size_threshold=0, location="w.bin")
    assert "external data" in refused(path)


def test_an_open_input_size(tmp_path: Path) -> None:
    model = network()
    sides = model.graph.input[0].type.tensor_type.shape.dim
    sides[0].Clear()
    sides[2].dim_param = "height"
    said = refused(saved(tmp_path / "a.onnx", model))
    assert "the input (open, 3, height, 32)" in said
    assert "fixed" in said


def test_an_input_whose_sides_do_not_fit_the_graph(tmp_path: Path) -> None:
    model = network()
    for dim, side in zip(model.graph.input[0].type.tensor_type.shape.dim[1:], (32, 32, 3),
                         strict=True):  # fmt: skip
        dim.dim_value = side
    said = refused(saved(tmp_path / "a.onnx", model))
    # ONNX Runtime 1.28 says so when it loads the network, 1.27 and older when it first runs.
    assert "cannot be run by ONNX Runtime" in said or "inference failed" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: _operator(m, "SwishPlus"), "needs the operator SwishPlus, which opset 17 does"),
        (lambda m: _operator(m, "Gelu"), "needs the operator Gelu, which opset 17 does not have"),
        (lambda m: _operator(m, "FusedGelu", "com.nvidia"), "FusedGelu, of the domain com.nvidia"),
        (lambda m: setattr(m.opset_import[0], "version", 99), "newer ONNX"),
        (lambda m: setattr(m, "ir_version", 99), "newer ONNX"),
    ],
)
def test_what_onnx_runtime_cannot_run_is_named(
    tmp_path: Path, change: Callable[[onnx.ModelProto], None], words: str
) -> None:
    """Not in the runtime's own words, and with what to type."""
    model = network()
    change(model)
    told = refused(saved(tmp_path / "a.onnx", model))
    assert words in told
    assert "opset_version=17" in told
    assert "ONNXRuntimeError" not in told


def _operator(model: onnx.ModelProto, kind: str, domain: str = "") -> None:
    node = next(one for one in model.graph.node if len(one.input) == 1)
    node.op_type, node.domain = kind, domain
    del node.attribute[:]
    if domain:
        model.opset_import.append(helper.make_opsetid(domain, 1))


def test_two_outputs(tmp_path: Path) -> None:
    model = network()
    extra = helper.make_tensor_value_info(model.graph.node[0].output[0], TensorProto.FLOAT, None)
    model.graph.output.append(extra)
    assert "2 outputs" in refused(saved(tmp_path / "a.onnx", model))


def test_nan_weights(tmp_path: Path) -> None:
    model = network()
    weights = numpy_helper.to_array(model.graph.initializer[0]).copy()
    weights.flat[0] = np.nan
    model.graph.initializer[0].CopyFrom(
        numpy_helper.from_array(weights, model.graph.initializer[0].name)
    )
    assert "NaN" in refused(saved(tmp_path / "a.onnx", model))


def test_another_size_than_stated(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.onnx", network())
    stated = Statement(size=112, statistics="unit", template="arcface-112", metric="cosine")
    assert "32 pixels" in refused(path, stated)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (Statement(template="arcface-112", metric="cosine"), "state how pixels become numbers"),
        (Statement(statistics="unit", metric="cosine"), "how the training faces were aligned"),
        (Statement(statistics="unit", template="arcface-112"), "state --metric"),
    ],
    ids=["no statistics", "no template", "no metric"],
)
def test_nothing_about_the_feeding_is_guessed(
    tmp_path: Path, statement: Statement, words: str
) -> None:
    assert words in refused(saved(tmp_path / "a.onnx", network()), statement)


def test_values_too_large_for_fp16_stay_fp32() -> None:
    """Multiply by 200,000 and divide again: right in FP32, infinite in FP16."""
    nodes = [
        helper.make_node("Mul", ["input", "large"], ["wide"], name="grow"),
        helper.make_node("Mul", ["wide", "small"], ["narrow"], name="shrink"),
        helper.make_node("Mul", ["narrow", "one"], ["same"], name="ordinary"),
        helper.make_node("ReduceMean", ["same"], ["embedding"], axes=[2, 3], keepdims=0,
                         name="pool"),
    ]  # fmt: skip
    numbers = {"large": 2e5, "small": 5e-6, "one": 1.5}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["b", 3, 32, 32])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["b", 3])],
        [numpy_helper.from_array(np.array(v, np.float32), k) for k, v in numbers.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    inputs = np.random.default_rng(2).normal(1, 1, size=(2, 3, 32, 32)).astype(np.float32)
    made = to_half(model, inputs)
    assert [name.split(" ")[0] for name in made.kept] == ["grow", "shrink"]
    found = run_graph(made.model.SerializeToString(), inputs)
    wanted = run_graph(model.SerializeToString(), inputs)
    assert cosine_rows(wanted, found).min() > 0.9999
