"""Which network is trained, from what, and which of its layers."""

from __future__ import annotations

from pydantic import Field

from edgeverify.settings import Section


class NetworkSettings(Section):
    """The network: a row of the workshop's table, or `module:Class`."""

    arch: str = Field(default="", max_length=200)
    """As `edgeverify-export onnx --arch` takes it."""
    embedding_size: int | None = Field(default=None, ge=2, le=8192)
    """Values of an embedding; empty: what the start or the network's row has."""
    start: str = ""
    """A local checkpoint to start from; nothing is ever downloaded. Empty: from chance."""
    from_chance: bool = True
    """Whether it may do without a start. False in recipes that go on from a trained network."""
    train_last: float = Field(default=1.0, gt=0, le=1)
    """Share of the layers with weights that is trained, counted from the output."""
    frozen: tuple[str, ...] = Field(default=(), strict=False)
    """Names of parameters that are not trained: `features.*`."""
