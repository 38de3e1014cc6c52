"""ONNX files as other people export them: whole pixels, half precision, logits, quantised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from edgeverify_export.adopt import adopt_graph
from edgeverify_export.assemble import Assembled
from edgeverify_export.sessions import cosine_rows, run_graph
from edgeverify_export.statement import Statement
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.float16 import convert_float_to_float16

from edgeverify.errors import CheckpointError, ConfigError, EdgeverifyError
from tests.runtime.tiny import tiny_network

RAW = Statement(statistics="raw", template="arcface-112", metric="cosine")

UNIT = Statement(statistics="unit", template="arcface-112", metric="cosine")


def network() -> onnx.ModelProto:
    return onnx.load_model_from_string(tiny_network())


def saved(path: Path, model: onnx.ModelProto) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def adopted(
    path: Path, *, embedding: str | None = None, half: bool = False, stated: Statement = RAW
) -> Assembled:
    return adopt_graph(path, path.parent / "bundle", stated, half=half, embedding=embedding)


def pixels() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(1).integers(0, 256, (3, 3, 32, 32)).astype(np.float32)


def answers(made: Assembled) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return run_graph(made.bundle.model_bytes("fp32"), pixels())


def whole_pixels(model: onnx.ModelProto, *, channels_last: bool, cast_first: bool) -> None:
    """Take uint8 at the input, as converters of camera pipelines do."""
    entry = model.graph.input[0]
    inner, entry.name = entry.name, "pixels"
    entry.type.tensor_type.elem_type = TensorProto.UINT8
    cast = helper.make_node("Cast", ["pixels"], [inner], to=TensorProto.FLOAT)
    made = [cast]
    if channels_last:
        for side, value in zip(entry.type.tensor_type.shape.dim[1:], (32, 32, 3), strict=True):
            side.dim_value = value
        turn = helper.make_node("Transpose", ["pixels"], ["turned"], perm=[0, 3, 1, 2])
        cast.input[0] = "turned"
        if cast_first:
            cast.input[0], cast.output[0] = "pixels", "turned"
            turn.input[0], turn.output[0] = "turned", inner
            made = [cast, turn]
        else:
            made = [turn, cast]
    for node in reversed(made):
        model.graph.node.insert(0, node)


@pytest.mark.parametrize(
    ("channels_last", "cast_first"), [(False, True), (True, True), (True, False)]
)
def test_whole_pixels_are_fed_as_they_are(
    tmp_path: Path, *, channels_last: bool, cast_first: bool
) -> None:
    model = network()
    whole_pixels(model, channels_last=channels_last, cast_first=cast_first)
    made = adopted(saved(tmp_path / "a.onnx", model))
    assert any("uint8" in remark for remark in made.remarks)
    assert np.allclose(answers(made), run_graph(tiny_network(), pixels()), rtol=1e-4)


def test_whole_pixels_are_not_scaled_twice(tmp_path: Path) -> None:
    model = network()
    whole_pixels(model, channels_last=False, cast_first=True)
    stated = Statement(statistics="imagenet", template="arcface-112", metric="cosine")
    with pytest.raises(ConfigError, match="whole pixels") as caught:
        adopt_graph(saved(tmp_path / "a.onnx", model), tmp_path / "bundle", stated)
    assert caught.value.advice == "State --statistics raw."


@pytest.mark.parametrize("float_ends", [True, False])
def test_half_precision_is_computed_in_fp32(tmp_path: Path, *, float_ends: bool) -> None:
    half = convert_float_to_float16(network(), keep_io_types=float_ends)
    path = saved(tmp_path / "a.onnx", half)
    made = adopted(path, half=True, stated=UNIT)
    assert made.bundle.has("fp16")
    kinds = {one.data_type for one in onnx.load_model_from_string(
        made.bundle.model_bytes("fp32")).graph.initializer}  # fmt: skip
    assert TensorProto.FLOAT16 not in kinds
    found = run_graph(made.bundle.model_bytes("fp32"), pixels() / 255)
    assert cosine_rows(found, run_graph(tiny_network(), pixels() / 255)).min() > 0.999


def test_a_quantised_graph_runs_as_it_is_and_is_said(tmp_path: Path) -> None:
    plain = saved(tmp_path / "plain.onnx", network())
    quantize_dynamic(plain, tmp_path / "a.onnx", weight_type=QuantType.QUInt8)
    made = adopted(tmp_path / "a.onnx", half=True)
    assert any("quantised already" in remark for remark in made.remarks)
    assert not made.bundle.has("fp16")


def with_logits(model: onnx.ModelProto, people: int, *, alone: bool) -> str:
    """Put a classifier behind the embedding; returns the embedding's name."""
    output = model.graph.output[0]
    name = output.name
    weights = np.random.default_rng(2).normal(size=(8, people)).astype(np.float32)
    model.graph.initializer.append(numpy_helper.from_array(weights, "people"))
    model.graph.node.append(helper.make_node("MatMul", [name, "people"], ["logits"]))
    if alone:
        del model.graph.output[:]
    model.graph.output.append(
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", people])
    )
    return name


@pytest.mark.parametrize("alone", [True, False])
def test_logits_behind_the_embedding_are_left_out(tmp_path: Path, *, alone: bool) -> None:
    model = network()
    name = with_logits(model, 10_575, alone=alone)
    path = saved(tmp_path / "a.onnx", model)
    with pytest.raises(CheckpointError, match="outputs") as caught:
        adopted(path)
    assert caught.value.advice is not None
    assert f"--embedding {name}." in caught.value.advice
    made = adopted(path, embedding=name)
    assert made.bundle.manifest.embedding_size == 8
    assert np.allclose(answers(made), run_graph(tiny_network(), pixels()), rtol=1e-4)


def test_another_value_of_the_same_file_is_another_embedding_space(tmp_path: Path) -> None:
    """Their references may not be compared, although the weights are those of one file."""
    model = network()
    model.graph.node[-1].op_type = "Tanh"
    inner = model.graph.node[-1].input[0]
    path = saved(tmp_path / "a.onnx", model)
    spaces = set()
    for number, name in enumerate((None, "output", inner)):
        folder = tmp_path / f"bundle{number}"
        made = adopt_graph(path, folder, RAW, half=False, embedding=name)
        spaces.add(made.bundle.manifest.embedding_space)
    assert len(spaces) == 2


def test_an_embedding_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no value called features"):
        adopted(saved(tmp_path / "a.onnx", network()), embedding="features")


def phase(path: Path) -> None:
    model = network()
    model.graph.input.append(helper.make_tensor_value_info("phase_train", TensorProto.BOOL, []))
    saved(path, model)


def whole_numbers(path: Path) -> None:
    model = network()
    model.graph.node.insert(
        0, helper.make_node("Cast", ["ids"], [model.graph.input[0].name], to=TensorProto.FLOAT)
    )
    model.graph.input[0].name = "ids"
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64
    saved(path, model)


def foreign_operator(path: Path) -> None:
    model = network()
    name = model.graph.output[0].name
    model.graph.node.append(helper.make_node("Magic", [name], ["more"], domain="com.example"))
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    model.graph.output[0].name = "more"
    saved(path, model)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_bytes(b""), "is empty (0 bytes)"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.write_bytes(b"<!doctype html><html>"), "is a web page"),
        (lambda path: path.write_bytes(b"version https://git-lfs.github.com/spec/v1"), "Git LFS"),
        (lambda path: path.write_bytes(b"\x80\x02}q\x00."), "is a checkpoint"),
        (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n"), "is a Keras or HDF5 file"),
        (lambda path: path.write_bytes(tiny_network()[:200]), "not a whole one"),
        (phase, "2 inputs: "),
        (whole_numbers, "takes int64"),
        (foreign_operator, "the operator Magic, of the domain com.example"),
    ],
    ids=["empty", "folder", "page", "lfs", "pickle", "keras", "cut", "phase", "int64", "operator"],
)
def test_what_is_no_embedder_is_named(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    path = tmp_path / "a.onnx"
    make(path)
    with pytest.raises(EdgeverifyError) as caught:
        adopted(path)
    assert said in str(caught.value)
    assert not (tmp_path / "bundle").exists()


def test_a_graph_for_one_picture_that_states_more(tmp_path: Path) -> None:
    model = network()
    name = model.graph.output[0].name
    model.graph.initializer.append(numpy_helper.from_array(np.array([1, -1]), "one_row"))
    model.graph.node.append(helper.make_node("Reshape", [name, "one_row"], ["flat"]))
    model.graph.output[0].name = "flat"
    with pytest.raises(CheckpointError, match="one picture at a time"):
        adopted(saved(tmp_path / "a.onnx", model))
