"""How a training is run, and what it leaves behind."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edgeverify.settings import Section


class TrainingSettings(Section):
    """The run."""

    batch: int = Field(default=32, ge=2, le=65_536)
    """Pictures in a batch."""
    accumulate: int = Field(default=1, ge=1, le=4096)
    """Batches whose gradients make one step."""
    steps_per_epoch: int = Field(default=0, ge=0)
    """Steps after which an epoch ends. 0: when every picture or person had its turn."""
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    """Mixed precision where it is not fp32; fp16 scales the loss, and needs a GPU."""
    clip_norm: float = Field(default=0.0, ge=0)
    """Gradients longer than this are shortened. 0: none are."""
    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    """Average of the weights that is measured and kept instead of the last. 0: none."""
    seed: int = Field(default=1, ge=0, lt=2**31)
    """Of everything that is left to chance."""
    workers: int = Field(default=2, ge=0, le=256)
    """Processes that read pictures."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`auto`: the GPU where there is one."""


class MeasurementSettings(Section):
    """What is measured after each epoch, on people who were not trained on."""

    fmr: float = Field(default=1e-3, gt=0, lt=1)
    """False match rate at which FNMR is measured; the checkpoint with the lowest is the best."""
    max_pictures: int = Field(default=20, ge=2)
    """Of each held-out person."""
    folder: str = ""
    """Aligned chips of other people to measure on, a folder each. Empty: some of the data's own
    people are held out."""
    threshold: float | None = Field(default=None)
    """Score at which the report counts its confusion matrix, as the door's scores go: a cosine,
    or minus a distance (-0.3). Empty: the threshold of `fmr`."""


class CheckpointSettings(Section):
    """What is kept beside `last.pt` and `best.pth`."""

    named: bool = True
    """Also `model_epoch{N}_loss{L}.pth`."""
    keep: int = Field(default=3, ge=0)
    """How many of the named ones, the newest. 0: all."""


class TeacherSettings(Section):
    """`distill`: the installed bundle whose embedding is learnt."""

    bundle: str = ""
    """A bundle's folder, or the name of one that is installed, of one network or several. Empty:
    the best of those that are installed."""
