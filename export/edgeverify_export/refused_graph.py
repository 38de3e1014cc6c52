"""Why ONNX Runtime does not take somebody's graph, in words that say what to do."""

from __future__ import annotations

import re
from pathlib import Path

import onnx

from edgeverify.errors import CheckpointError

_UNKNOWN = (
    re.compile(r"No Op registered for (?P<operator>\w+)"),
    re.compile(r"Fatal error: (?P<domain>[\w.]*):(?P<operator>\w+)\(-?\d+\) is not a registered"),
)
_STANDARD = (
    "Export the network again with the operators of ONNX itself, opset 17: "
    "torch.onnx.export(..., opset_version=17), or tf2onnx with --opset 17."
)


def refused_by_runtime(model: onnx.ModelProto, said: str, path: Path) -> CheckpointError:
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
