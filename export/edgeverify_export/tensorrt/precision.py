"""What TensorRT built: the precision that was asked for, and answers as they must be.

Two witnesses are heard on the precision. The parsed network says what was demanded of each layer:
on 10 and later by its tensors' types, which a strongly typed build must keep; on 8.x by the
precision that was set for it, which a build that obeys constraints must keep. The engine inspector
says what was built, where it says it: by a layer's weights, its kernel's name, or its inputs.
Outputs say nothing: a fused layer that ends in the FP32 output may compute in FP16 throughout.

The answers are held against those that the bundle states.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

from edgeverify.bundle.fusion import EmbedderBundle
from edgeverify.bundle.loading import PadBundle
from edgeverify.errors import ParityError, RuntimeUnavailableError
from edgeverify.models.golden_check import check_golden, check_pad_golden
from edgeverify.runtime.tensorrt.library import TensorRt
from edgeverify.runtime.tensorrt.session import TensorRtSession

if TYPE_CHECKING:
    from edgeverify.bundle.manifest import Precision
    from edgeverify.runtime.session import Network


def networks_of(bundle: EmbedderBundle | PadBundle) -> Sequence[Network]:
    """Return what engines are built of: the embedder's networks, or those of a PAD bundle."""
    return bundle.networks if isinstance(bundle, PadBundle) else bundle.parts


def check_engines(
    bundle: EmbedderBundle | PadBundle, tensorrt: TensorRt, precision: Precision
) -> float:
    """Run the golden vectors through the engines; the lowest cosine, or BundleError."""
    with ExitStack() as stack:
        sessions = [
            stack.enter_context(closing(TensorRtSession(network, tensorrt, precision)))
            for network in networks_of(bundle)
        ]
        if isinstance(bundle, PadBundle):
            return check_pad_golden(bundle, sessions)
        parts = zip(bundle.parts, sessions, strict=True)
        return min(check_golden(part, session) for part, session in parts)


_MIN_SHARE = 0.5
_MAX_SHARE = 0.1
_COMPUTING = ("CONVOLUTION", "DECONVOLUTION", "FULLY_CONNECTED", "MATRIX_MULTIPLY")
"""Where a network's arithmetic is; FULLY_CONNECTED exists in 8.x only."""

_MOVING = {"reformat", "noop", "constant", "shuffle", "shape", "slice", "identity", "cast"}
_HALF_KERNEL = re.compile(r"f16f16|h884|h16816|h1688|hmma|_half|fp16")
_SINGLE_KERNEL = re.compile(r"f32f32|s884|s1688|sgemm|scudnn|_float|fp32|tf32")


def computing_layers(tensorrt: TensorRt, network: Any) -> list[Any]:
    """Return the layers of a parsed network that convolve or multiply matrices of activations."""
    kinds = {
        int(getattr(tensorrt.module.LayerType, name))
        for name in _COMPUTING
        if hasattr(tensorrt.module.LayerType, name)
    }
    layers = [network.get_layer(index) for index in range(network.num_layers)]
    return [layer for layer in layers if int(layer.type) in kinds]


def demanded_share(tensorrt: TensorRt, network: Any) -> float:
    """Return the share of computing layers that must compute in FP16, 0 to 1.

    ParityError where the network has no such layer: then nothing can be judged.
    """
    layers = computing_layers(tensorrt, network)
    if not layers:
        raise ParityError("the graph has no convolution or matrix product to judge precision by")
    half = tensorrt.module.DataType.HALF
    if tensorrt.is_strongly_typed:
        found = sum(layer.get_output(0).dtype == half for layer in layers)
    else:
        found = sum(layer.precision_is_set and layer.precision == half for layer in layers)
    return float(found) / len(layers)


def built_share(information: str) -> float | None:
    """Read the inspector's JSON; the share of layers that compute in FP16 of those that say.

    None where no layer says it: the inspector names layers only, or one fused layer holds all.
    """
    try:
        layers = json.loads(information)["Layers"]
    except (ValueError, KeyError, TypeError):
        layers = []
    said = [_computes_half(layer) for layer in layers if isinstance(layer, dict)]
    known = [one for one in said if one is not None]
    return sum(known) / len(known) if known else None


def require_precision(demanded: float, information: str, precision: str) -> str:
    """Return in words what shows the precision; ParityError where it is not what was asked for."""
    built = built_share(information)
    seen = "says nothing of precision" if built is None else f"shows {built:.0%} of layers in FP16"
    if precision == "fp16":
        if demanded < _MIN_SHARE:
            raise ParityError(
                f"an FP16 engine was asked for, but the parsed network has only {demanded:.0%} of "
                "its convolutions and matrix products in FP16",
                advice="Nothing was stored. Check that the bundle has its FP16 graph.",
            )
        if built is not None and built < _MIN_SHARE:
            raise ParityError(
                f"an FP16 engine was asked for, but only {built:.0%} of its layers compute in FP16",
                advice="Nothing was stored. Does this GPU compute in FP16? Else --precision fp32.",
            )
    elif demanded > 0 or (built is not None and built > _MAX_SHARE):
        raise ParityError(
            f"an FP32 engine was asked for, but {max(demanded, built or 0.0):.0%} of its layers "
            "compute in FP16"
        )
    return f"{demanded:.0%} of the parsed network's arithmetic is FP16; the engine inspector {seen}"


def _computes_half(layer: dict[str, Any]) -> bool | None:
    """Return whether a built layer computes in FP16, as far as it says; None for none."""
    kind = str(layer.get("LayerType", "")).lower()
    if any(word in kind for word in _MOVING) or "foreignnode" in str(layer.get("Name", "")).lower():
        return None
    weights = layer.get("Weights")
    if isinstance(weights, dict) and weights.get("Count", 1) != 0:
        found = _kind(str(weights.get("Type", "")))
        if found is not None:
            return found == "half"
    tactic = str(layer.get("TacticName", "")).lower()
    if _HALF_KERNEL.search(tactic):
        return True
    if _SINGLE_KERNEL.search(tactic):
        return False
    inputs = layer.get("Inputs", [])
    texts = [str(one.get("Format/Datatype", "")) for one in inputs if isinstance(one, dict)]
    kinds = {_kind(text) for text in texts}
    return kinds == {"half"} if kinds and None not in kinds else None


def _kind(text: str) -> str | None:
    lower = text.lower()
    if "fp16" in lower or "half" in lower:
        return "half"
    return "single" if "fp32" in lower or "float" in lower else None


_FURTHER = re.compile(r"_\d+$")
"""The parser names a node's first layer as the node, and further ones with a number after it."""


def constrain(tensorrt: TensorRt, network: Any, kept: Sequence[str]) -> None:
    """Say to TensorRT 8.x layer by layer which compute in FP16 and which must not.

    Demand FP32 of the operators in `kept` and FP16 of all other convolutions and products.

    RuntimeUnavailableError where an operator that must stay FP32 cannot be found again.
    """
    single, half = tensorrt.module.DataType.FLOAT, tensorrt.module.DataType.HALF
    layers = [network.get_layer(index) for index in range(network.num_layers)]
    spared = [layer for layer in layers if _node_of(layer.name, kept) is not None]
    missing = set(kept) - {_node_of(layer.name, kept) for layer in spared}
    if missing:
        raise RuntimeUnavailableError(
            f"TensorRT {tensorrt.full_version} has no layer for {', '.join(sorted(missing))}, "
            "which must stay FP32: its values are too large for FP16",
            advice="Build with --precision fp32.",
        )
    for layer in spared:
        layer.precision = single
        for index in range(layer.num_outputs):
            if layer.get_output(index).dtype in {single, half}:
                layer.set_output_type(index, single)
    names = {layer.name for layer in spared}
    for layer in computing_layers(tensorrt, network):
        if layer.name not in names:
            layer.precision = half


def _node_of(name: str, kept: Sequence[str]) -> str | None:
    if name in kept:
        return name
    shortened = _FURTHER.sub("", name)
    return shortened if shortened in kept else None
