"""What a worker does with one picture: read, degrade, augment, mirror, feed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms import v2

from edgeverify.domain import RgbImage
from edgeverify.feeding.preprocessing import feed
from edgeverify.feeding.statement import Feeding
from edgeverify_train.chance import draws, torch_drawing
from edgeverify_train.pictures.card import as_on_a_card
from edgeverify_train.pictures.reading import BadPicture, read_chip
from edgeverify_train.recipe.optimisation import Stage


class Draw(NamedTuple):
    """One picture's turn: which, what its chance comes from, and whether it is on a card."""

    picture: int
    epoch: int
    turn: int
    on_card: bool


@dataclass(frozen=True, slots=True)
class Look:
    """How pictures look in one stage: fed at its size, augmented at its strength."""

    feeding: Feeding
    stage: Stage
    flip: bool
    seed: int


class ChipDataset(Dataset["Tensor | BadPicture"]):
    """The pictures of a training, asked for by `Draw`."""

    def __init__(self, pictures: Sequence[Path], look: Look) -> None:
        self._pictures, self._look = pictures, look

    def __getitem__(self, draw: Draw) -> Tensor | BadPicture:
        """Return the network's input, float32 (c, size, size); the same for the same draw."""
        look = self._look
        chip = read_chip(self._pictures[draw.picture], look.feeding.size)
        if isinstance(chip, BadPicture):
            return chip
        parts = (look.seed, draw.epoch, draw.turn)
        random = draws(*parts)
        if draw.on_card:
            chip = as_on_a_card(chip, random)
        if look.stage.rand_augment > 0:
            with torch_drawing(*parts):
                chip = _augmented(chip, look.stage)
        batch = feed(chip, look.feeding, mirror=True)
        return torch.from_numpy(batch[1 if look.flip and random.random() < 0.5 else 0].copy())


def _augmented(chip: RgbImage, stage: Stage) -> RgbImage:
    """RandAugment (Cubuk et al., 2019, arXiv 1909.13719) as torchvision has it, 31 magnitudes."""
    augment = v2.RandAugment(
        num_ops=stage.rand_augment_operations, magnitude=round(stage.rand_augment)
    )
    shown = augment(torch.from_numpy(np.ascontiguousarray(chip.transpose(2, 0, 1))))
    return np.ascontiguousarray(shown.numpy().transpose(1, 2, 0))


def collate(items: list[Tensor | BadPicture]) -> Tensor | BadPicture:
    """Stack a batch; the first picture that cannot be read stands for all of it."""
    tensors = []
    for item in items:
        if isinstance(item, BadPicture):
            return item
        tensors.append(item)
    return torch.stack(tensors)
