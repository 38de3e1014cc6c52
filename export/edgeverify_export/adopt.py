"""Wrap an ONNX graph that already exists."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import version_converter

from edgeverify.bundle.canonical_json import sha256_of
from edgeverify.bundle.graph_check import check_graph
from edgeverify.bundle.manifest import MOST_VALUES
from edgeverify.errors import (
    CheckpointError,
    ConfigError,
    ParityError,
    RuntimeUnavailableError,
)
from edgeverify.feeding.preprocessing import Batch
from edgeverify.feeding.statement import Channels, Feeding
from edgeverify.models.bundle_writer import EmbedderRecipe
from edgeverify.progress import Step, step_silently
from edgeverify_export import foreign_graph
from edgeverify_export.assemble import (
    ANOTHER_SPACE,
    Assembled,
    assemble,
    bundle_name,
    extreme_inputs,
    require_free,
    tool_versions,
)
from edgeverify_export.canonical_graph import (
    canonical,
    channels_first,
    flat_output,
    simplified,
    with_inferred_output,
)
from edgeverify_export.graph_identity import graph_sha256
from edgeverify_export.networks.architecture import require_embedding
from edgeverify_export.sessions import OPSET, checked, run_graph, unit_rows
from edgeverify_export.statement import Statement, alignment_of, resolve

_MAX_DIFFERENCE = 1e-4
_UNKNOWN = (
    re.compile(r"No Op registered for (?P<operator>\w+)"),
    re.compile(r"Fatal error: (?P<domain>[\w.]*):(?P<operator>\w+)\(-?\d+\) is not a registered"),
)
_STANDARD = (
    "Export the network again with the operators of ONNX itself, opset 17: "
    "torch.onnx.export(..., opset_version=17), or tf2onnx with --opset 17."
)


def adopt_graph(  # noqa: PLR0913 - one parameter per option
    path: Path,
    folder: Path,
    statement: Statement,
    *,
    name: str | None = None,
    licence: str = "owner's",
    half: bool = True,
    embedding: str | None = None,
    step: Step = step_silently,
) -> Assembled:
    """Make the bundle `folder` of an ONNX file; errors leave nothing behind.

    The graph needs one input (batch, 3, size, size), or 1 channel for grey, or channels last,
    which get a transpose before them, and one output (batch, n), all weights inside. Where it has
    several outputs, `embedding` names the one. Ends and weights of other kinds than float32 are
    brought to it. Another opset is converted to 17 where the answers stay equal.
    """
    require_free(folder)
    step("reading the graph")
    original = foreign_graph.read_graph(path)
    plain_ends = foreign_graph.with_plain_ends(original, path, embedding=embedding)
    model, turned = channels_first(plain_ends.model)
    model, flattened = flat_output(with_inferred_output(model))
    changes = (*plain_ends.changes, *(word for word in (turned, flattened) if word is not None))
    plain_ends = replace(plain_ends, model=model)
    data = model.SerializeToString()
    depth, size, outputs = _sides(model, path)
    channels = _channels(statement.channels, depth, path)
    if statement.size not in (None, size):
        raise CheckpointError(f"{path} takes {size} pixels, not the {statement.size} of --size")
    resolved = resolve(replace(statement, size=size, channels=channels), None)
    if plain_ends.whole_pixels:
        _require_raw(resolved.feeding, path)
    check_graph(data, path, size=size, outputs=outputs, depth=depth)
    inputs = extreme_inputs(resolved.feeding, alignment_of(resolved))
    wanted = _answers(data, inputs, outputs, path)
    plain_ends.require_same_answers(inputs, path)
    quantised = _quantised(model)

    def require(candidate: onnx.ModelProto) -> object:
        return _require_equal(wanted, candidate, inputs)

    plain = canonical(model)
    require(plain)
    plain, converted = _to_opset(plain, require)
    # Before it is simplified: what onnxslim leaves out depends on its version.
    identity = graph_sha256(plain)
    plain, slim = simplified(plain, require)
    checked(plain)
    recipe = EmbedderRecipe(
        name=bundle_name(name, folder),
        arch="onnx",
        source_sha256=sha256_of(path.read_bytes()),
        weights_sha256=identity,
        feeding=resolved.feeding,
        template=resolved.template,
        alignment=resolved.alignment,
        embedding_size=outputs,
        mirror=resolved.mirror,
        metric=resolved.metric,
        normalise=resolved.normalise,
        licence=licence,
        notes=f"from {path.name}",
        tool_versions=tool_versions("onnx"),
    )
    step(f"making the {'FP16 graph and the ' if half else ''}golden vectors")
    made = assemble(folder, recipe, plain, half=half and not quantised)
    remarks = (*changes, *converted, slim, *quantised, *made.remarks)
    if ANOTHER_SPACE in remarks and original.producer_name == "pytorch":
        remarks = (*remarks, TWO_EXPORTERS)
    return Assembled(made.bundle, remarks)


TWO_EXPORTERS = (
    "if it is the same checkpoint: PyTorch's exporters (dynamo=True and dynamo=False) fold batch "
    "norm with different rounding, so each has a space of its own; the one of last time keeps it"
)


def _require_raw(feeding: Feeding, path: Path) -> None:
    """Raise ConfigError where pixels would be scaled before a graph that takes whole ones."""
    if feeding.scale != 1 or any(feeding.mean) or any(one != 1 for one in feeding.std):
        raise ConfigError(
            f"{path} takes whole pixels, 0 to 255 (uint8), and scales them itself",
            advice="State --statistics raw.",
        )


_QUANTISED = re.compile(r"^(Dynamic)?(De)?Quantize|^QLinear|Integer$")


def _quantised(model: onnx.ModelProto) -> tuple[str, ...]:
    """Return the remark that a graph is quantised already, if it is."""
    found = sorted({n.op_type for n in model.graph.node if _QUANTISED.search(n.op_type)})
    if not found:
        return ()
    remark = (
        f"quantised already ({', '.join(found)}): it runs as it is, and has no FP16 graph; give "
        "the network from before it was quantised where there is one"
    )
    return (remark,)


def _channels(stated: Channels | None, depth: int, path: Path) -> Channels | None:
    if depth == 1 and stated not in (None, "grey"):
        raise CheckpointError(f"{path} takes one grey channel, not the --channels {stated}")
    if depth == 3 and stated == "grey":
        raise CheckpointError(
            f"{path} takes three channels, not the one of --channels grey",
            advice="State --channels rgb or bgr. A network of grey pictures that were repeated "
            "three times is not taken: cut its first layer to one channel.",
        )
    return "grey" if depth == 1 else stated


def _sides(model: onnx.ModelProto, path: Path) -> tuple[int, int, int]:
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    sides = [dim.dim_value for dim in inputs[0].type.tensor_type.shape.dim]
    inferred = onnx.shape_inference.infer_shapes(model)
    outputs = [dim.dim_value for dim in inferred.graph.output[0].type.tensor_type.shape.dim]
    if len(sides) != 4 or sides[1] not in {1, 3} or sides[2] != sides[3] or sides[2] < 16:
        raise CheckpointError(
            f"{path} has the input {_in_words(inputs[0])}; (batch, 3 or 1, size, size) with a "
            "fixed size is needed",
            advice="Open sizes: export again with a fixed input. (batch, size, size, 3 or 1), "
            "channels last, is taken too.",
        )
    if len(outputs) != 2 or outputs[1] < 2:
        raise CheckpointError(f"{path} has the output {outputs}; (batch, n) is needed")
    require_embedding(outputs[1], str(path))
    foreign_graph.require_embedding_sized(model, outputs[1], path, MOST_VALUES)
    return sides[1], sides[2], outputs[1]


def _in_words(value: onnx.ValueInfoProto) -> str:
    """Return the sides of a tensor; an open one by its name, if it has one."""
    sides = value.type.tensor_type.shape.dim
    return f"({', '.join(str(side.dim_param or side.dim_value or 'open') for side in sides)})"


def _answers(data: bytes, inputs: Batch, outputs: int, path: Path) -> Batch:
    try:
        answers = run_graph(data, inputs)
    except RuntimeUnavailableError as error:
        model = onnx.load_model_from_string(data)
        raise _refused_by_runtime(model, error.problem, path) from None
    if len(answers) != len(inputs) or answers.ndim != 2 or answers.shape[1] != outputs:
        raise CheckpointError(
            f"{path} answers with {tuple(answers.shape)} to {len(inputs)} pictures, not with "
            f"({len(inputs)}, {outputs}): it was made for one picture at a time",
            advice="Export it again with a batch of 1, or with an open one.",
        )
    if not np.isfinite(answers).all():
        raise CheckpointError(f"{path} answers with NaN or infinity on ordinary pictures")
    return answers


def _require_equal(wanted: Batch, candidate: onnx.ModelProto, inputs: Batch) -> float:
    found = run_graph(candidate.SerializeToString(), inputs)
    difference = float(np.abs(unit_rows(wanted) - unit_rows(found)).max())
    if not difference <= _MAX_DIFFERENCE:
        raise ParityError(f"the rewritten graph gives different answers: {difference:.2g}")
    return difference


def _to_opset(model: onnx.ModelProto, require: object) -> tuple[onnx.ModelProto, tuple[str, ...]]:
    version = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    if version == OPSET:
        return model, ()
    logging.disable(logging.WARNING)
    try:
        converted = canonical(version_converter.convert_version(model, OPSET))
        checked(converted)
        require(converted)  # type: ignore[operator]
    except Exception as error:  # noqa: BLE001 - a foreign converter; the original is always there
        return model, (f"opset {version} kept: it cannot be converted ({type(error).__name__})",)
    finally:
        logging.disable(logging.NOTSET)
    return converted, (f"opset {version} converted to {OPSET}",)


def _refused_by_runtime(model: onnx.ModelProto, said: str, path: Path) -> CheckpointError:
    """Return what ONNX Runtime `said` of a graph: an operator, a version, or its own words."""
    for pattern in _UNKNOWN:
        found = pattern.search(said)
        if found is None:
            continue
        operator, domain = found["operator"], found.groupdict().get("domain")
        whose = (
            f"of the domain {domain}" if domain else f"which opset {_opset(model)} does not have"
        )
        return CheckpointError(
            f"{path} needs the operator {operator}, {whose}: ONNX Runtime cannot run it",
            advice=_STANDARD,
        )
    if model.ir_version > onnx.IR_VERSION or _opset(model) > onnx.defs.onnx_opset_version():
        return CheckpointError(
            f"{path} was written for a newer ONNX than the ONNX Runtime here runs "
            f"(opset {_opset(model)}, IR version {model.ir_version})",
            advice=_STANDARD,
        )
    reason = re.sub(r"^.*?\[ONNXRuntimeError\] : \d+ : \w+ : ", "", said)
    return CheckpointError(f"{path} cannot be run by ONNX Runtime: {reason}", advice=_STANDARD)


def _opset(model: onnx.ModelProto) -> int:
    return next((one.version for one in model.opset_import if one.domain in {"", "ai.onnx"}), 0)
