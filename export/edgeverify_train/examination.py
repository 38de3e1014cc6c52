"""What every measurement of a training's weights offers."""

from __future__ import annotations

from typing import Protocol

from torch import nn


class Figures(Protocol):
    """What was measured; it prints as a few words."""

    @property
    def key(self) -> tuple[float, float]:
        """What the best checkpoint has the lowest of."""

    @property
    def figures(self) -> dict[str, float]:
        """The figures by name, the same names each time."""


class Examination(Protocol):
    """Measures a network, and leaves it as it was."""

    @property
    def remark(self) -> str | None:
        """What the measurement cannot carry; None where it carries its figure."""

    def measure(self, network: nn.Module) -> Figures:
        """Measure with the weights of the moment."""
