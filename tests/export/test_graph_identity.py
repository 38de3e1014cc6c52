"""Which graphs are one network: what they compute counts, however their files say it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from edgeverify_export.adopt import adopt_graph
from edgeverify_export.assemble import ANOTHER_SPACE, rewrite
from edgeverify_export.statement import Statement
from onnx import helper, numpy_helper

from edgeverify.bundle.loading import load_bundle
from edgeverify.models.bundle_writer import write_embedder
from tests.runtime.tiny import tiny_network, tiny_recipe

RAW = Statement(statistics="raw", template="arcface-112", metric="cosine")


def network() -> onnx.ModelProto:
    return onnx.load_model_from_string(tiny_network())


def space(model: onnx.ModelProto, folder: Path, *, embedding: str | None = None) -> str:
    folder.mkdir()
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    made = adopt_graph(path, folder / "bundle", RAW, half=False, embedding=embedding)
    return made.bundle.manifest.embedding_space


def node(model: onnx.ModelProto, operator: str) -> onnx.NodeProto:
    (found,) = [one for one in model.graph.node if one.op_type == operator]
    return found


def another_activation(model: onnx.ModelProto) -> None:
    node(model, "Relu").op_type = "LeakyRelu"


def another_slope(model: onnx.ModelProto) -> None:
    one = node(model, "Relu")
    one.op_type = "LeakyRelu"
    one.attribute.append(helper.make_attribute("alpha", 0.25))


def no_activation(model: onnx.ModelProto) -> None:
    node(model, "Relu").op_type = "Identity"


def another_scale(model: onnx.ModelProto) -> None:
    scaled(model, "twice")


def another_scale_still(model: onnx.ModelProto) -> None:
    scaled(model, "half")


def scaled(model: onnx.ModelProto, chosen: str) -> None:
    """A half and a double in one file: which stands before the network is wiring."""
    for name, value in (("twice", 2.0), ("half", 0.5)):
        model.graph.initializer.append(numpy_helper.from_array(np.float32(value), name))
    first = node(model, "Conv")
    made = helper.make_node("Mul", [first.input[0], chosen], ["scaled"])
    first.input[0] = "scaled"
    model.graph.node.insert(0, made)


def another_order(model: onnx.ModelProto) -> None:
    """The activation behind the linear layer instead of before it."""
    relu, last = node(model, "Relu"), model.graph.node[-1]
    for one in model.graph.node:
        one.input[:] = [relu.input[0] if name == relu.output[0] else name for name in one.input]
    end = last.output[0]
    last.output[0] = "inner"
    relu.input[0], relu.output[0] = "inner", end
    model.graph.node.remove(relu)
    model.graph.node.append(helper.make_node("Relu", ["inner"], [end]))


def another_kernel_order(model: onnx.ModelProto) -> None:
    """Channels turned by a constant of the file, not by a weight."""
    first = node(model, "Conv")
    model.graph.initializer.append(numpy_helper.from_array(np.array([2, 1, 0], np.int64), "order"))
    made = helper.make_node("Gather", [first.input[0], "order"], ["turned"], axis=1)
    first.input[0] = "turned"
    model.graph.node.insert(0, made)


def nothing(_: onnx.ModelProto) -> None:
    pass


def test_the_same_weights_behind_other_operators_are_other_networks(tmp_path: Path) -> None:
    """Else a reference of the one would be compared with a probe of the other."""
    changes: tuple[Callable[[onnx.ModelProto], None], ...] = (
        nothing, another_activation, another_slope, no_activation, another_scale,
        another_scale_still, another_order, another_kernel_order,
    )  # fmt: skip
    spaces = {}
    for change in changes:
        model = network()
        change(model)
        spaces[change.__name__] = space(model, tmp_path / change.__name__)
    assert len(set(spaces.values())) == len(changes), spaces


def other_names(model: onnx.ModelProto) -> None:
    graph = model.graph
    graph.name, model.producer_name, graph.doc_string = "main", "pytorch", "traced today"
    names: dict[str, str] = {}
    for one in (*graph.input, *graph.output, *graph.initializer):
        names[one.name] = f"onnx::{len(names) + 100}"
        one.name = names[one.name]
    for each in graph.node:
        each.name, each.doc_string = f"/layer/{each.op_type}", "net.py(12): forward"
        for fields in (each.input, each.output):
            for number, name in enumerate(fields):
                fields[number] = names.setdefault(name, f"onnx::{len(names) + 100}")


def another_order_of_lines(model: onnx.ModelProto) -> None:
    field = model.graph.initializer
    turned = [onnx.TensorProto.FromString(one.SerializeToString()) for one in reversed(field)]
    del field[:]
    field.extend(turned)


def constants_instead_of_initializers(model: onnx.ModelProto) -> None:
    for tensor in model.graph.initializer:
        model.graph.node.insert(0, helper.make_node("Constant", [], [tensor.name], value=tensor))
    del model.graph.initializer[:]


def defaults_stated(model: onnx.ModelProto) -> None:
    one = node(model, "Conv")
    if not any(each.name == "group" for each in one.attribute):
        one.attribute.append(helper.make_attribute("group", 1))
    for each in model.graph.node:
        if each.op_type == "Gemm" and not any(a.name == "alpha" for a in each.attribute):
            each.attribute.append(helper.make_attribute("alpha", 1.0))


def idle_operators(model: onnx.ModelProto) -> None:
    one = node(model, "Relu")
    end, one.output[0] = one.output[0], "active"
    place = list(model.graph.node).index(one) + 1
    model.graph.node.insert(place, helper.make_node("Dropout", ["active"], ["kept"]))
    model.graph.node.insert(place + 1, helper.make_node("Identity", ["kept"], [end]))


def a_fixed_batch(model: onnx.ModelProto) -> None:
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1


def flattened_by_a_constant(model: onnx.ModelProto) -> None:
    one = node(model, "Flatten")
    shape = numpy_helper.from_array(np.array([0, -1], np.int64), "flat")
    model.graph.initializer.append(shape)
    one.op_type = "Reshape"
    one.input.append("flat")
    del one.attribute[:]


def flattened_by_arithmetic(model: onnx.ModelProto) -> None:
    """As tracing writes x.view(x.size(0), -1) for an open batch."""
    flattened_by_a_constant(model)
    one = node(model, "Reshape")
    values = {"zero": np.array(0, np.int64), "axis": np.array([0]), "rest": np.array([-1])}
    for name, value in values.items():
        model.graph.initializer.append(numpy_helper.from_array(value.astype(np.int64), name))
    steps = (
        helper.make_node("Shape", [one.input[0]], ["sides"]),
        helper.make_node("Gather", ["sides", "zero"], ["batch_side"], axis=0),
        helper.make_node("Unsqueeze", ["batch_side", "axis"], ["batch_sides"]),
        helper.make_node("Concat", ["batch_sides", "rest"], ["wanted"], axis=0),
    )
    one.input[1] = "wanted"
    place = list(model.graph.node).index(one)
    for number, step in enumerate(steps):
        model.graph.node.insert(place + number, step)


SAME = (
    other_names, another_order_of_lines, constants_instead_of_initializers, defaults_stated,
    idle_operators, a_fixed_batch, flattened_by_a_constant, flattened_by_arithmetic,
)  # fmt: skip


@pytest.mark.parametrize("change", SAME)
def test_one_network_written_otherwise_is_one_embedding_space(
    change: Callable[[onnx.ModelProto], None], tmp_path: Path
) -> None:
    model = network()
    change(model)
    onnx.checker.check_model(model)
    assert space(model, tmp_path / "again") == space(network(), tmp_path / "first")


@pytest.mark.parametrize("opset", [11, 13, 15, 18, 20])
def test_another_opset_of_one_network_is_one_embedding_space(opset: int, tmp_path: Path) -> None:
    model = network()
    model.opset_import[0].version = opset
    assert space(model, tmp_path / "again") == space(network(), tmp_path / "first")


def test_a_network_cut_by_hand_is_that_of_the_named_value(tmp_path: Path) -> None:
    """Whoever leaves the last layer out with another tool has the same embeddings."""
    whole, cut = network(), network()
    inner = node(cut, "Flatten").output[0]
    del cut.graph.node[-2:]
    cut.graph.output[0].CopyFrom(
        helper.make_tensor_value_info(inner, onnx.TensorProto.FLOAT, ["batch", 64])
    )
    named = space(whole, tmp_path / "named", embedding=inner)
    assert named == space(cut, tmp_path / "cut")
    assert named != space(network(), tmp_path / "whole")


def test_another_network_in_the_place_of_a_bundle_is_said(tmp_path: Path) -> None:
    """Whoever replaces a door's network learns that its people must be enrolled again."""
    path = tmp_path / "model.onnx"
    told = []
    for change in (nothing, other_names, another_activation):
        model = network()
        change(model)
        path.write_bytes(model.SerializeToString())
        made = adopt_graph(path, tmp_path / "bundle", RAW, half=False)
        told.append(ANOTHER_SPACE in made.remarks)
    assert told == [False, False, True]


def test_int8_of_a_bundle_whose_space_says_more_has_a_space_of_its_own(tmp_path: Path) -> None:
    """An owner's class: the operators are in the space alone, and INT8 comes later."""
    spaces = set()
    for structure in ("", "a" * 64, "b" * 64):
        recipe = replace(tiny_recipe(), structure_sha256=structure)
        folder = tmp_path / (structure[:1] or "none")
        write_embedder(folder, recipe, {"fp32": tiny_network()})
        graph = tiny_network()
        bundle = rewrite(load_bundle(folder), {"fp32": graph, "int8": graph})
        spaces |= {bundle.manifest.embedding_space, bundle.manifest.int8_embedding_space}
    assert len(spaces) == 6


def four_bits(model: onnx.ModelProto, values: list[int]) -> None:
    """Put the last layer's weights into four bits each, as newer tools do."""
    model.opset_import[0].version, model.ir_version = 21, 10
    tensor = helper.make_tensor("w4", onnx.TensorProto.INT4, [8, 64], values)
    scale = numpy_helper.from_array(np.float32(0.5), "w4_scale")
    model.graph.initializer.extend([tensor, scale])
    model.graph.node.insert(
        0, helper.make_node("DequantizeLinear", ["w4", "w4_scale"], ["w4_plain"])
    )
    node(model, "Gemm").input[1] = "w4_plain"


def test_weights_of_four_bits_are_weights_too(tmp_path: Path) -> None:
    spaces = set()
    for number, values in enumerate(([1, -3] * 256, [1, -3] * 256, [1, -2] * 256)):
        model = network()
        four_bits(model, values)
        spaces.add(space(model, tmp_path / str(number)))
    assert len(spaces) == 2
