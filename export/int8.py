"""FP32 to INT8 with ONNX Runtime's static quantisation, calibrated on real aligned faces.

For CPUs. An INT8 network has an embedding space of its own: its scores are not those of FP32.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from edgeverify_export.canonical_graph import canonical
from numpy.typing import NDArray

from edgeverify.errors import ParityError
from edgeverify.runtime.session import Batch

MIN_FACES = 16
"""Fewer calibration faces than this do not show the range of a network's values."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way of quantising: how ranges are found, and how many operators at both ends stay FP32.

    The first convolution sees pixels and the last layers make the embedding: they are the most
    sensitive, and cheap.
    """

    words: str
    method: str
    ends_kept: int


RECIPES = (
    Recipe("MinMax, all operators", "MinMax", 0),
    Recipe("MinMax, both ends in FP32", "MinMax", 2),
    Recipe("percentile 99.99, both ends in FP32", "Percentile", 2),
    Recipe("entropy, both ends in FP32", "Entropy", 2),
)
"""Tried in this order; the first that passes the parity gate is taken."""


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
            with warnings.catch_warnings():
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
                    op_types_to_quantize=["Conv", "Gemm", "MatMul"],
                    nodes_to_exclude=_ends(model, recipe.ends_kept),
                    calibrate_method=q.CalibrationMethod[recipe.method],
                )
        finally:
            logging.disable(logging.NOTSET)
        return canonical(onnx.load(target, load_external_data=False))


def _ends(model: onnx.ModelProto, count: int) -> list[str]:
    heavy = [n.name for n in model.graph.node if n.op_type in {"Conv", "Gemm", "MatMul"}]
    return heavy[:1] + heavy[-count:] if count else []


def _reader(entry: onnx.ValueInfoProto, inputs: Sequence[Batch]) -> object:
    from onnxruntime.quantization import CalibrationDataReader  # noqa: PLC0415

    fixed = entry.type.tensor_type.shape.dim[0].dim_value or 1

    class Faces(CalibrationDataReader):  # type: ignore[misc]
        """Gives one face after the other, by the graph's own input name."""

        def __init__(self) -> None:
            self._left: Iterator[Batch] = iter(inputs)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            """Give the next face, or None at the end."""
            batch = next(self._left, None)
            return None if batch is None else {entry.name: np.repeat(batch, fixed, axis=0)}

    return Faces()
