"""What every inference back end offers: two methods and a name.

And what it opens: one graph of a bundle, in up to three precisions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from edgeverify.bundle.manifest import Precision
from edgeverify.feeding.preprocessing import Batch


class Network(Protocol):
    """An embedder's bundle, or one of the networks of a PAD bundle."""

    @property
    def name(self) -> str:
        """What messages and engine files call it: the bundle's name, and the network's after it."""

    @property
    def folder(self) -> Path:
        """The bundle's folder."""

    @property
    def size(self) -> int:
        """Side of the square input in pixels."""

    @property
    def depth(self) -> int:
        """Channels of the input: 3, or 1 for grey."""

    @property
    def batch(self) -> int:
        """Chips in one inference of the door."""

    def has(self, precision: Precision) -> bool:
        """Return whether the bundle carries that form of the graph."""

    def model_bytes(self, precision: Precision) -> bytes:
        """Read the ONNX graph of that precision; BundleError where there is none."""


class Session(Protocol):
    """A loaded network. Used by one thread at a time, and closed by the one that opened it."""

    @property
    def name(self) -> str:
        """`onnxruntime-cpu`, `onnxruntime-cuda` or `tensorrt`."""

    @property
    def precision(self) -> Precision:
        """Which of the bundle's forms is loaded."""

    def run(self, batch: Batch) -> Batch:
        """Infer, (b, 3, size, size) to (b, d), float32; RuntimeUnavailableError on failure."""

    def close(self) -> None:
        """Release everything; a second call does nothing."""
