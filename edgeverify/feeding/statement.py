"""How a network must be fed, as its manifest states it; and what every stated file shares."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Triple = tuple[float, float, float]
Mirror = Literal["both", "reference", "none"]
"""On which side a face's mirror image is embedded too and added: on probe and reference, on the
reference only (it is made once, at leisure), or on neither."""
Side = Literal["probe", "reference"]


class BundleModel(BaseModel):
    """What every JSON file of a bundle shares: frozen, strict, no unknown keys, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class Feeding(BundleModel):
    """How a chip becomes the network's input: x = (pixel * scale - mean) / std, NCHW float32.

    `size` is the side in pixels; `mean` and `std` are in the order of `channels`, in units of the
    scaled pixel. `resize` says how frames are brought down to the chip.
    """

    size: int = Field(ge=16, le=1024)
    channels: Literal["rgb", "bgr"]
    scale: float = Field(gt=0, le=1)
    mean: Triple = Field(strict=False)
    std: Triple = Field(strict=False)
    resize: Literal["area", "linear"] = "area"

    @field_validator("std")
    @classmethod
    def _divisible(cls, value: Triple) -> Triple:
        if min(value) <= 0:
            raise ValueError("std must be above 0")
        return value
