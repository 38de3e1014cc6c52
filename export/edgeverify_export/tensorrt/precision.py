"""Did TensorRT build the precision that was asked for? The engine inspector knows (pure)."""

from __future__ import annotations

import json

from edgeverify.errors import ParityError

_HALF = ("fp16", "half")
_SINGLE = ("fp32", "float")
_MIN_SHARE = 0.5
_MAX_SHARE = 0.1


def half_share(information: str) -> float:
    """Read the inspector's JSON; the share of layers whose outputs are all FP16.

    Layers without a floating output (shapes, constants) do not count. ParityError where the
    inspector said nothing that can be counted: then nothing is known, and that is no pass.
    """
    try:
        layers = json.loads(information)["Layers"]
    except (ValueError, KeyError, TypeError):
        layers = []
    half = counted = 0
    for layer in layers:
        if not isinstance(layer, dict):
            continue
        formats = [
            str(output.get("Format/Datatype", "")).lower()
            for output in layer.get("Outputs", [])
            if isinstance(output, dict)
        ]
        kinds = [_kind(text) for text in formats]
        if not kinds or None in kinds:
            continue
        counted += 1
        half += all(kind == "half" for kind in kinds)
    if counted == 0:
        raise ParityError(
            "the engine inspector names no layer with its precision: it cannot be asserted",
            advice="TensorRT may have ignored ProfilingVerbosity.DETAILED; report its version.",
        )
    return half / counted


def require_precision(information: str, precision: str) -> float:
    """Return the share of FP16 layers; ParityError where the engine is not what was asked for."""
    share = half_share(information)
    if precision == "fp16" and share < _MIN_SHARE:
        raise ParityError(
            f"an FP16 engine was asked for, but only {share:.0%} of its layers compute in FP16",
            advice="Nothing was stored. Check that the bundle has its FP16 graph.",
        )
    if precision == "fp32" and share > _MAX_SHARE:
        raise ParityError(
            f"an FP32 engine was asked for, but {share:.0%} of its layers compute in FP16"
        )
    return share


def _kind(text: str) -> str | None:
    if any(word in text for word in _HALF):
        return "half"
    return "single" if any(word in text for word in _SINGLE) else None
