"""Whose faces a network learns from, and who is kept for the measurement."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edgeverify.settings import Section


class DataSettings(Section):
    """Chips of faces, a folder per person, as `edgeverify-train align` makes them."""

    folder: str = ""
    """The folder of aligned chips; `--data DIR` states it too."""
    unlabelled: bool = False
    """The folder holds faces of nobody in particular, below any folders: for `distill`."""
    trust_template: bool = False
    """The chips were cut elsewhere, by the recipe's template: no `aligned.json` is asked for."""
    held_out_share: float = Field(default=0.2, gt=0, lt=1)
    """Share of the people who are never trained on: the best checkpoint is chosen on them."""
    min_pictures: int = Field(default=2, ge=1)
    """People with fewer pictures are left out, and counted."""
    max_pictures: int = Field(default=0, ge=0)
    """The most pictures of one person, taken evenly over the folder. 0: all."""
    evaluation_lists: tuple[str, ...] = Field(default=(), strict=False)
    """Pair lists in LFW's format, or lists of names, whose people must not be trained on."""
    allow_shared_people: bool = False
    """Train although people stand in an evaluation list too: every figure on it is then void."""
    flip: bool = True
    """Half of the pictures are mirrored in training."""
    degraded: Literal["none", "card"] = "none"
    """`card`: one picture of each pair looks printed on a card and scanned."""


class FeedingSettings(Section):
    """How faces are cut and fed. What is left empty is the network's own row of the table."""

    template: str = ""
    """Alignment: a name (arcface-112, face01-224 ...) or a file that states it."""
    size: int | None = Field(default=None, ge=16, le=1024)
    """Side of the network's input at the door, in pixels."""
    channels: Literal["rgb", "bgr", "grey"] | None = None
    """Order of the colour channels, or one channel of luma."""
    statistics: str = ""
    """How pixels become numbers: imagenet, caffe-bgr, signed-unit, unit or raw."""
    metric: Literal["cosine", "euclidean"] | None = None
    """How embeddings are compared."""
    mirror: Literal["both", "reference", "none"] | None = None
    """On which side the mirror image is embedded too."""
    normalise: bool | None = None
    """Bring embeddings to length 1."""
