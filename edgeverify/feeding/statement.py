"""How a network must be fed, as its manifest states it; and what every stated file shares."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from typing_extensions import Self

Channels = Literal["rgb", "bgr", "grey"]
"""The order of a network's colours, or one channel of luma."""
Numbers = Annotated[tuple[float, ...], Field(min_length=1, max_length=3, strict=False)]
"""One number per channel."""
Mirror = Literal["both", "reference", "none"]
"""On which side a face's mirror image is embedded too and added: on probe and reference, on the
reference only (it is made once, at leisure), or on neither."""
Side = Literal["probe", "reference"]


class BundleModel(BaseModel):
    """What every JSON file of a bundle shares: frozen, strict, no unknown keys, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class Feeding(BundleModel):
    """How a chip becomes the network's input: x = (pixel * scale - mean) / std, NCHW float32.

    `size` is the side in pixels; `mean` and `std` are in the order of `channels`, one number for
    grey, in units of the scaled pixel. `resize` says how frames are brought down to the chip.
    """

    size: int = Field(ge=16, le=1024)
    channels: Channels
    scale: float = Field(gt=0, le=1)
    mean: Numbers
    std: Numbers
    resize: Literal["area", "linear"] = "area"

    @property
    def depth(self) -> int:
        """Channels of the network's input: 3, or 1 for grey."""
        return 1 if self.channels == "grey" else 3

    @field_validator("std")
    @classmethod
    def _divisible(cls, value: Numbers) -> Numbers:
        if min(value) <= 0:
            raise ValueError("std must be above 0")
        return value

    @model_validator(mode="after")
    def _a_number_a_channel(self) -> Self:
        for name, numbers in (("mean", self.mean), ("std", self.std)):
            if len(numbers) != self.depth:
                raise ValueError(
                    f"{name} has {len(numbers)} numbers, {self.channels} takes {self.depth}"
                )
        return self
