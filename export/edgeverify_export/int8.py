"""FP32 to INT8 with ONNX Runtime's static quantisation, calibrated on real aligned faces.

For CPUs. An INT8 network has an embedding space of its own: its scores are not those of FP32.
"""

from __future__ import annotations

import contextlib
import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeverify.errors import ParityError
from edgeverify.feeding.preprocessing import Batch
from edgeverify_export.canonical_graph import canonical

_QUANTISED = ("Conv", "Gemm", "MatMul")

MIN_FACES = 16
"""Fewer calibration faces than this do not show the range of a network's values."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way of quantising: how ranges are found, and which operators stay FP32.

    `ends`: the first operator sees pixels and the last three make the embedding. `depthwise`: a
    filter a channel, few numbers each, whose ranges differ widely; they cost little and lose most.
    """

    words: str
    method: str
    ends_kept: bool
    depthwise_kept: bool


RECIPES = (
    Recipe("MinMax, all operators", "MinMax", ends_kept=False, depthwise_kept=False),
    Recipe("percentile, both ends in FP32", "Percentile", ends_kept=True, depthwise_kept=False),
    Recipe("MinMax, ends and depthwise in FP32", "MinMax", ends_kept=True, depthwise_kept=True),
    Recipe(
        "percentile, ends and depthwise in FP32", "Percentile", ends_kept=True, depthwise_kept=True
    ),
)
"""Tried in this order; the first that passes the parity gate is taken. Percentile is 99.999."""


def quantise(model: onnx.ModelProto, inputs: Sequence[Batch], recipe: Recipe) -> onnx.ModelProto:
    """Quantise convolutions and matrix products (QDQ, signed 8 bit, weights per channel).

    `inputs` are fed faces, float32 (1, 3, size, size) each; ParityError below 16 of them.
    """
    if len(inputs) < MIN_FACES:
        raise ParityError(
            f"{len(inputs)} faces are too few to calibrate INT8, at least {MIN_FACES} are needed"
        )
    from onnxruntime import quantization as q  # noqa: PLC0415 - a second

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
        onnx.save(model, source)
        logging.disable(logging.WARNING)
        try:
            # The calibrators print their steps.
            with warnings.catch_warnings(), contextlib.redirect_stdout(None):
                warnings.simplefilter("ignore")
                q.quantize_static(
                    source,
                    target,
                    _reader(model.graph.input[0], inputs),
                    quant_format=q.QuantFormat.QDQ,
                    activation_type=q.QuantType.QUInt8,
                    weight_type=q.QuantType.QInt8,
                    per_channel=True,
                    reduce_range=False,
                    op_types_to_quantize=list(_QUANTISED),
                    nodes_to_exclude=_kept(model, recipe),
                    calibrate_method=q.CalibrationMethod[recipe.method],
                )
        finally:
            logging.disable(logging.NOTSET)
        return canonical(onnx.load(target, load_external_data=False))


def _kept(model: onnx.ModelProto, recipe: Recipe) -> list[str]:
    heavy = [node for node in model.graph.node if node.op_type in _QUANTISED]
    names = [node.name for node in heavy]
    kept = {names[0], *names[-3:]} if recipe.ends_kept else set()
    if recipe.depthwise_kept:
        kept |= {n.name for n in heavy if any(a.name == "group" and a.i > 1 for a in n.attribute)}
    return sorted(kept)


def _reader(entry: onnx.ValueInfoProto, inputs: Sequence[Batch]) -> object:
    from onnxruntime.quantization import CalibrationDataReader  # noqa: PLC0415

    fixed = entry.type.tensor_type.shape.dim[0].dim_value or 1

    class Faces(CalibrationDataReader):  # type: ignore[misc]
        """Gives one face after the other, by the graph's own input name."""

        def __init__(self) -> None:
            self._left: Iterator[Batch] = iter(inputs)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            """Return the next face, or None at the end."""
            batch = next(self._left, None)
            return None if batch is None else {entry.name: np.repeat(batch, fixed, axis=0)}

    return Faces()
