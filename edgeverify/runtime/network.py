"""One graph of a bundle, in up to three precisions: what every back end opens."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from edgeverify.bundle.manifest import Precision


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
