"""What the catalogue's networks are described with: one description, made in two ways.

`onnx_layers` makes an ONNX graph of it with the `onnx` package alone; the workshop makes a PyTorch
module, whose parameters have the names given here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

ANY = -1
"""A width or a kernel that the weights show."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """What flows between layers: its name, its channels, and the side of its square picture."""

    name: str
    channels: int
    side: int


class Layers(Protocol):
    """Every method appends one layer and returns what comes out of it."""

    @property
    def input(self) -> Tensor:
        """The fed face, (batch, 3, side, side)."""
        ...

    def has(self, parameter: str) -> bool:
        """Return whether the weights hold a parameter."""
        ...

    def convolution(  # noqa: PLR0913 - what a convolution has
        self,
        x: Tensor,
        name: str,
        channels: int,
        kernel: int,
        *,
        norm: str = "",
        stride: int = 1,
        padding: int = 0,
        depthwise: bool = False,
        bias: bool = False,
    ) -> Tensor:
        """Convolve, and normalise over the batch where `norm` names one; both read `name`.weight.

        Depthwise: one filter per channel, and `channels` is that of `x`.
        """
        ...

    def linear(self, x: Tensor, name: str, outputs: int, *, norm: str = "") -> Tensor:
        """Multiply a flat tensor by a matrix without bias, and normalise it likewise."""
        ...

    def prelu(self, x: Tensor, name: str) -> Tensor:
        """Parametric ReLU with one slope per channel."""
        ...

    def relu(self, x: Tensor) -> Tensor:
        """Return max(x, 0)."""
        ...

    def relu6(self, x: Tensor) -> Tensor:
        """Return x between 0 and 6."""
        ...

    def sigmoid(self, x: Tensor) -> Tensor:
        """Return the logistic function of x."""
        ...

    def add(self, x: Tensor, y: Tensor) -> Tensor:
        """Add; the smaller is grown by zero channels behind and zero pixels at its far edges."""
        ...

    def multiply(self, x: Tensor, y: Tensor) -> Tensor:
        """Multiply, where `y` may be one number per channel."""
        ...

    def max_pool(self, x: Tensor, kernel: int, stride: int) -> Tensor:
        """Take the greatest of each square, without padding."""
        ...

    def average_pool(self, x: Tensor, kernel: int, stride: int) -> Tensor:
        """Take the mean of each square, without padding."""
        ...

    def average(self, x: Tensor) -> Tensor:
        """Take the mean of each channel: a picture of one pixel."""
        ...

    def flatten(self, x: Tensor) -> Tensor:
        """Return (batch, numbers)."""
        ...
