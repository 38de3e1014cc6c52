"""TensorRT 8.x: which layers compute in FP16 and which must not, said layer by layer.

With the FP16 flag alone TensorRT may run any layer in FP16, those too whose values do not fit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from edgeverify.errors import RuntimeUnavailableError
from edgeverify.runtime.tensorrt.library import TensorRt
from edgeverify_export.tensorrt.precision import computing_layers

_FURTHER = re.compile(r"_\d+$")
"""The parser names a node's first layer as the node, and further ones with a number after it."""


def constrain(tensorrt: TensorRt, network: Any, kept: Sequence[str]) -> None:
    """Demand FP32 of the operators in `kept` and FP16 of all other convolutions and products.

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
