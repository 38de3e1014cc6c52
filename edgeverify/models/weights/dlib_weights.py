"""Reading dlib's serialised ResNet (`dlib_face_recognition_resnet_model_v1.dat`).

Source of the format: dlib's `serialize.h`, `dnn/core.h` and `dnn/layers.h` (see docs/models.md).
Only numbers and known tags are read; nothing in the file can run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeverify.errors import CheckpointError
from edgeverify.models.graphs.graph import Weights

CONVOLUTIONS = 29
EMBEDDING_SIZE = 128
_FEATURES = 256
_ADVICE = "Fetch the file again, or give the one from face_recognition_models 0.3.0."


@dataclass(frozen=True, slots=True)
class ConvolutionWeights:
    """One convolution with its bias, and the affine layer that follows it (gain and shift)."""

    kernel: Weights
    bias: Weights
    gamma: Weights
    beta: Weights

    @property
    def folded(self) -> tuple[Weights, Weights]:
        """Fold the affine layer in: kernel and bias of one convolution, computed in float64."""
        gain = self.gamma.astype(np.float64)
        kernel = self.kernel.astype(np.float64) * gain[:, None, None, None]
        bias = self.bias.astype(np.float64) * gain + self.beta
        return kernel.astype(np.float32), bias.astype(np.float32)


@dataclass(frozen=True, slots=True)
class DlibWeights:
    """All of the network: 29 convolutions in order from input to output, and the last layer.

    `linear` is (256, 128): features to embedding.
    """

    convolutions: tuple[ConvolutionWeights, ...]
    linear: Weights

    @property
    def tensors(self) -> dict[str, Weights]:
        """Every tensor by a name of its own, for the identity of the weights."""
        named = {"linear": self.linear}
        for index, layer in enumerate(self.convolutions):
            for part in ("kernel", "bias", "gamma", "beta"):
                named[f"convolutions.{index}.{part}"] = getattr(layer, part)
        return named


def read_dlib_weights(data: bytes) -> DlibWeights:
    """Parse the file's bytes; CheckpointError where it is not that network."""
    convolutions = _after_tag(data, b"con_4")
    affines = _after_tag(data, b"affine_")
    last = _after_tag(data, b"fc_2")
    if (len(convolutions), len(affines), len(last)) != (CONVOLUTIONS, CONVOLUTIONS, 1):
        raise CheckpointError(
            "not dlib's face recognition ResNet: its layers were not found", advice=_ADVICE
        )
    try:
        return DlibWeights(
            tuple(_convolutions(data, convolutions, affines)), _linear(data, last[0])
        )
    except (IndexError, ValueError) as error:
        raise CheckpointError(
            f"dlib's weights are truncated or altered ({error})", advice=_ADVICE
        ) from None


def _convolutions(
    data: bytes, positions: list[int], affines: list[int]
) -> list[ConvolutionWeights]:
    found = []
    channels = 3
    for at, affine_at in zip(positions, affines, strict=True):
        filters_and_bias = _tensor(data, at)
        gain_and_shift = _tensor(data, affine_at)
        outputs = gain_and_shift.size // 2
        side = 7 if channels == 3 else 3
        filters = outputs * channels * side * side
        if filters_and_bias.size != filters + outputs:
            raise ValueError(f"a convolution of {filters_and_bias.size} numbers, not {filters}")
        found.append(
            ConvolutionWeights(
                kernel=filters_and_bias[:filters].reshape(outputs, channels, side, side),
                bias=filters_and_bias[filters:],
                gamma=gain_and_shift[:outputs],
                beta=gain_and_shift[outputs:],
            )
        )
        channels = outputs
    return found


def _linear(data: bytes, at: int) -> Weights:
    # Before the tensor stand the numbers of outputs and inputs.
    for wanted in (EMBEDDING_SIZE, _FEATURES):
        value, at = _integer(data, at)
        if value != wanted:
            raise ValueError(f"a last layer of {value} instead of {wanted}")
    return _tensor(data, at).reshape(_FEATURES, EMBEDDING_SIZE)


def _after_tag(data: bytes, tag: bytes) -> list[int]:
    """Find where each layer's content begins; a tag stands after its own length."""
    marked = bytes((1, len(tag))) + tag
    found = []
    at = data.find(marked)
    while at >= 0:
        found.append(at + len(marked))
        at = data.find(marked, at + 1)
    return found


def _tensor(data: bytes, at: int) -> Weights:
    """Read a tensor: its version 2, four sides, then raw little-endian float32."""
    version, at = _integer(data, at)
    if version != 2:
        raise ValueError(f"tensor version {version}")
    count = 1
    for _ in range(4):
        side, at = _integer(data, at)
        count *= side
    if not 0 < count * 4 <= len(data) - at:
        raise ValueError("a tensor reaches over the end")
    values = np.frombuffer(data, dtype="<f4", count=count, offset=at).astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("a weight is not finite")
    return values


def _integer(data: bytes, at: int) -> tuple[int, int]:
    """Read an integer: a byte (low four bits: length, high bit: sign), then its bytes."""
    length = data[at] & 0x0F
    if not 1 <= length <= 8 or at + 1 + length > len(data):
        raise ValueError("a malformed integer")
    value = int.from_bytes(data[at + 1 : at + 1 + length], "little")
    return (-value if data[at] & 0x80 else value), at + 1 + length
