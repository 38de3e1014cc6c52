"""What every inference back end offers: two methods and a name."""

from __future__ import annotations

from typing import Protocol

from edgeverify.bundle.manifest import Precision
from edgeverify.feeding.preprocessing import Batch


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
