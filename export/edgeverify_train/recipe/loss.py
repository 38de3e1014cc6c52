"""What the training makes smaller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from edgeverify.settings import Section

LossKind = Literal[
    "triplet", "contrastive", "bce", "arcface", "cosface", "sub-centre-arcface", "adaface", "distil"
]
_SHARED = frozenset({"kind"})
_CLASSES = frozenset({"margin", "scale"})
KEYS: Mapping[str, frozenset[str]] = {
    "triplet": frozenset({"margin", "distance", "swap", "mining"}),
    "contrastive": frozenset({"margin", "distance", "mining"}),
    "bce": frozenset({"distance"}),
    "arcface": _CLASSES,
    "cosface": _CLASSES,
    "sub-centre-arcface": _CLASSES | {"sub_centres"},
    "adaface": _CLASSES | {"concentration"},
    "distil": frozenset(),
}
"""Which keys mean something for which loss."""


class LossSettings(Section):
    """The loss. Its formula and source: docs/training.md."""

    kind: LossKind = "arcface"
    """Which one."""
    margin: float | None = Field(default=None, ge=0, le=10)
    """Empty: 0.2 for triplet, 1 for contrastive, 0.5 rad for ArcFace, 0.35 for CosFace, 0.4 for
    AdaFace."""
    distance: Literal["cosine", "euclidean"] = "cosine"
    """Between embeddings; Euclidean is of embeddings that are not brought to length 1."""
    swap: bool = False
    """Triplet: the distance from the positive to the negative counts where it is shorter."""
    mining: Literal["none", "semi-hard", "hard"] = "none"
    """Which pairs or triplets of a batch count."""
    scale: float = Field(default=64.0, gt=0, le=512)
    """Factor on the cosines before the softmax."""
    sub_centres: int = Field(default=3, ge=1, le=16)
    """Centres of each person."""
    concentration: float = Field(default=0.333, gt=0, le=1)
    """AdaFace's h: how strongly the margin follows the norm of the embedding."""

    @model_validator(mode="after")
    def _says_nothing_void(self) -> Self:
        void = sorted(self.model_fields_set - KEYS[self.kind] - _SHARED)
        if void:
            raise ValueError(
                f"{', '.join(void)} means nothing for {self.kind}; it has "
                f"{', '.join(sorted(KEYS[self.kind])) or 'no other keys'}"
            )
        return self


class SamplerSettings(Section):
    """Which pictures meet in a batch."""

    kind: Literal["shuffled", "m-per-class", "p-x-k", "pairs"] = "shuffled"
    """`m-per-class`: `pictures` of each person drawn. `p-x-k`: the batch is `people` times
    `pictures`, and every person's turn comes once an epoch. `pairs`: pairs made beforehand and
    saved; a batch of 32 is 16 pairs."""
    pictures: int = Field(default=4, ge=1, le=256)
    """Of one person in a batch."""
    people: int = Field(default=8, ge=2, le=4096)
    """In a batch of `p-x-k`."""
    pairs_per_epoch: int = Field(default=2000, ge=2)
    """Half of them mated."""
    pairs_file: str = ""
    """Pairs of your own: CSV `first,second,mated`, paths from the data folder. Empty: made."""
