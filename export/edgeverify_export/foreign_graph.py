"""An ONNX file of somebody else's: read, and brought to float32 at both ends and one of each.

What its makers left at the ends is taken as it is meant: whole pixels (uint8), half precision,
logits beside the embedding. Whatever is changed is said, and checked against the file's answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgeverify.bundle.graph_check import has_external_data
from edgeverify.errors import CheckpointError, ParityError
from edgeverify.feeding.preprocessing import Batch
from edgeverify_export.file_kind import refuse_folder, refuse_other_kinds
from edgeverify_export.sessions import run_graph, unit_rows

_OTHER_FLOATS = frozenset({TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE})
_HALVES = frozenset({TensorProto.FLOAT16, TensorProto.BFLOAT16})
_CLASSIFIERS = frozenset({"Gemm", "MatMul"})
_MOST_APART = 0.045
"""Between half precision's own answers and the same weights computed in float32, brought to
length 1: what a cosine of 0.999 comes to."""


@dataclass(frozen=True, slots=True, eq=False)
class ForeignGraph:
    """A graph with float32 ends, what was changed, and the file's own graph where ends changed."""

    model: onnx.ModelProto
    changes: tuple[str, ...] = ()
    original: onnx.ModelProto | None = None
    whole_pixels: bool = False

    def require_same_answers(self, inputs: Batch, path: Path) -> None:
        """Compare with the file itself on inputs float32 (b, c, s, s); ParityError, with why."""
        if self.original is None:
            return
        wanted = _run_as_it_is(self.original, inputs, path)
        if not np.isfinite(wanted).all():
            raise CheckpointError(
                f"{path} answers with NaN or infinity on ordinary pictures",
                advice="Its own precision may be too small for what it is fed: check "
                "--statistics, or export it in float32.",
            )
        found = run_graph(self.model.SerializeToString(), inputs)
        # Not the cosine: a network may answer a black picture with zeros.
        apart = float(np.linalg.norm(unit_rows(wanted) - unit_rows(found), axis=1).max())
        if not apart <= _MOST_APART:
            raise ParityError(
                f"{path} brought to float32 answers differently from the file itself: unit "
                f"embeddings are {apart:.3g} apart, {_MOST_APART:g} at most are allowed"
            )


def read_graph(path: Path) -> onnx.ModelProto:
    """Read an ONNX file; CheckpointError says what else it is."""
    if path.is_dir():
        refuse_folder(path, "ONNX file")
    if not path.is_file():
        raise CheckpointError(f"no such file: {path}", advice="Check the path.")
    with path.open("rb") as stream:
        head = stream.read(64)
    if not head:
        raise CheckpointError(f"{path} is empty (0 bytes)", advice="Copy or download it again.")
    refuse_other_kinds(path, head)
    if head.startswith((b"PK", b"\x80")) or head[8:9] == b"{":
        raise CheckpointError(
            f"{path} is a checkpoint, not an ONNX graph",
            advice=f"Run: edgeverify-export onnx {quote(str(path))} --arch NAME -o BUNDLE",
        )
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except Exception:  # noqa: BLE001 - protobuf's error has no stable, typed home
        model = onnx.ModelProto()
    if not model.graph.node:
        raise CheckpointError(
            f"{path} is not an ONNX model, or not a whole one",
            advice="Copy or download it again; other formats: docs/export.md.",
        )
    if has_external_data(model):
        raise CheckpointError(
            f"{path} keeps weights in another file (external data), which is never read",
            advice='Beside that file, run: python -c "import onnx; '
            f"onnx.save(onnx.load('{path.name}'), 'whole.onnx')\", and adopt whole.onnx.",
        )
    return model


def with_plain_ends(
    model: onnx.ModelProto, path: Path, *, embedding: str | None = None
) -> ForeignGraph:
    """Return the graph with one float32 input and one float32 output.

    `embedding` names the value that is the embedding: an output, or one within the graph.
    CheckpointError where it has several inputs or outputs, or takes what no picture is.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    changes = []
    if embedding is not None:
        changes.append(_take_output(made, embedding, path))
    _require_single(made, path)
    entry = _inputs(made)[0]
    kind = entry.type.tensor_type.elem_type
    whole_pixels = kind == TensorProto.UINT8
    ends = {kind, made.graph.output[0].type.tensor_type.elem_type}
    halves = any(tensor.data_type in _HALVES for tensor in made.graph.initializer)
    original = None
    if whole_pixels or halves or ends & _OTHER_FLOATS:
        original = onnx.ModelProto()
        original.CopyFrom(made)
    if whole_pixels:
        _take_whole_pixels(made, entry)
        changes.append("whole pixels (uint8): taken as float32, scaled inside the graph")
    if halves or ends & _OTHER_FLOATS:
        _to_float32(made.graph)
        changes.append("not float32 inside: the same weights, computed in FP32")
    kind = _inputs(made)[0].type.tensor_type.elem_type
    if kind != TensorProto.FLOAT:
        raise CheckpointError(
            f"{path} takes {_kind(kind)}, which no picture is fed as",
            advice="Export it with an input of float32, float16 or uint8.",
        )
    return ForeignGraph(made, tuple(changes), original, whole_pixels)


def require_embedding_sized(model: onnx.ModelProto, outputs: int, path: Path, most: int) -> None:
    """Refuse an output longer than any embedding: a classifier of the people trained on."""
    if outputs <= most:
        return
    last = model.graph.node[-1]
    before = last.input[0] if last.op_type in _CLASSIFIERS else "NAME"
    raise CheckpointError(
        f"{path} has {outputs:,} outputs, and an embedding has {most:,} at most: it looks like a "
        "classifier of the people that it was trained on",
        advice=f"Name the value before it: --embedding {before}.",
    )


def _inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    weights = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in weights]


def _require_single(model: onnx.ModelProto, path: Path) -> None:
    inputs, outputs = _inputs(model), list(model.graph.output)
    if len(inputs) != 1:
        raise CheckpointError(
            f"{path} has {len(inputs)} inputs: {_listed(inputs)}; an embedder has one",
            advice="Export it for inference, with one picture as its input; a switch such as "
            "phase_train has to be frozen.",
        )
    if len(outputs) != 1:
        raise CheckpointError(
            f"{path} has {len(outputs)} outputs: {_listed(outputs)}; an embedder has one",
            advice=f"Say which is the embedding: --embedding {outputs[0].name}."
            if outputs
            else "Export it again.",
        )


def _listed(values: Sequence[onnx.ValueInfoProto]) -> str:
    shown = ", ".join(f"{value.name} {_shape(value)}" for value in values[:6])
    return f"{shown} ..." if len(values) > 6 else shown


def _shape(value: onnx.ValueInfoProto) -> str:
    sides = [
        str(side.dim_value) if side.HasField("dim_value") else side.dim_param or "?"
        for side in value.type.tensor_type.shape.dim
    ]
    return f"{_kind(value.type.tensor_type.elem_type)} ({', '.join(sides)})"


def _kind(number: int) -> str:
    return TensorProto.DataType.Name(number).lower() if number else "of no known kind"


def _take_output(model: onnx.ModelProto, name: str, path: Path) -> str:
    """Make one value the only output, and leave out what it does not need."""
    graph = model.graph
    known = {value.name: value for value in graph.output}
    if name not in known:
        inferred = onnx.shape_inference.infer_shapes(model)
        known = {value.name: value for value in (*inferred.graph.value_info, *graph.output)}
    if name not in known:
        raise CheckpointError(
            f"{path} has no value called {name}",
            advice=f"Its outputs are {_listed(graph.output)}; Netron shows those within.",
        )
    output = onnx.ValueInfoProto()
    output.CopyFrom(known[name])
    before = len(graph.node)
    needed, kept = {name}, []
    for node in reversed(graph.node):
        if needed & set(node.output):
            needed.update(node.input)
            needed.update(_captured(node))
            kept.append(node)
    left = list(reversed(kept))
    weights = [tensor for tensor in graph.initializer if tensor.name in needed]
    inputs = [value for value in graph.input if value.name in needed]
    del graph.output[:], graph.value_info[:]
    graph.output.append(output)
    for field, values in ((graph.node, left), (graph.initializer, weights), (graph.input, inputs)):
        copies = [type(value).FromString(value.SerializeToString()) for value in values]
        del field[:]
        field.extend(copies)
    return f"the embedding is {name}: {before - len(graph.node)} operators behind it left out"


def _captured(node: onnx.NodeProto) -> Iterator[str]:
    """Yield what graphs within an operator read from around them."""
    for graph in _graphs_of(node):
        for inner in graph.node:
            yield from inner.input
            yield from _captured(inner)


def _graphs_of(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _take_whole_pixels(model: onnx.ModelProto, entry: onnx.ValueInfoProto) -> None:
    """Take float32 pixels 0 to 255; where the graph computes with uint8, a cast goes before it."""
    entry.type.tensor_type.elem_type = TensorProto.FLOAT
    readers = [node for node in model.graph.node if entry.name in node.input]
    if all(node.op_type == "Cast" for node in readers):
        return
    inner = entry.name
    entry.name = f"{inner}_as_float"
    cast = helper.make_node("Cast", [entry.name], [inner], name="to_uint8", to=TensorProto.UINT8)
    model.graph.node.insert(0, cast)


def _to_float32(graph: onnx.GraphProto) -> None:
    """Bring every tensor, value and cast of other floating kinds to float32."""
    for tensor in graph.initializer:
        _tensor_to_float32(tensor)
    for value in (*graph.input, *graph.output, *graph.value_info):
        if value.type.tensor_type.elem_type in _OTHER_FLOATS:
            value.type.tensor_type.elem_type = TensorProto.FLOAT
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                _tensor_to_float32(attribute.t)
            if attribute.name in {"to", "dtype"} and attribute.i in _OTHER_FLOATS:
                attribute.i = TensorProto.FLOAT
        for inner in _graphs_of(node):
            _to_float32(inner)


def _tensor_to_float32(tensor: onnx.TensorProto) -> None:
    if tensor.data_type in _OTHER_FLOATS:
        values = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def _run_as_it_is(model: onnx.ModelProto, inputs: Batch, path: Path) -> Batch:
    """Run the file's own graph, chip by chip, in the kinds and the order of sides that it has."""
    import onnxruntime  # noqa: PLC0415 - heavy

    entry = _inputs(model)[0].type.tensor_type
    sides = [side.dim_value for side in entry.shape.dim]
    kind: Any = helper.tensor_dtype_to_np_dtype(entry.elem_type)
    turned = inputs if sides[1:] == list(inputs.shape[1:]) else inputs.transpose(0, 2, 3, 1)
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        name = session.get_inputs()[0].name
        many = max(1, sides[0])
        answers = [
            session.run(None, {name: np.repeat(one[None], many, 0).astype(kind)})[0][:1]
            for one in turned
        ]
    except Exception as error:  # noqa: BLE001 - onnxruntime raises a dozen unrelated types
        raise CheckpointError(
            f"{path} cannot be run as it is: {(str(error).splitlines() or ['?'])[0][:300]}",
            advice="Export it with an input and weights of float32.",
        ) from None
    return np.concatenate(answers).reshape(len(answers), -1).astype(np.float32)
