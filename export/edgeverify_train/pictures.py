"""Chips from disk to a network's input: read, brought to a stage's size, augmented, fed.

A chip can be made to look like the photo on a card, which a door's reference often is: printed
small, worn, scanned or photographed. Orders of magnitude follow what printing and scanning do
(about 60 to 110 pixels of face, narrowed contrast, a colour cast, soft focus, sensor noise, JPEG).

A worker reads, degrades, augments, mirrors and feeds one picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
import torch
from edgeverify_export.parity.faces import read_rgb
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms import v2

from edgeverify.domain import RgbImage
from edgeverify.errors import EdgeverifyError
from edgeverify.feeding.alignment import whole_chip
from edgeverify.feeding.preprocessing import feed
from edgeverify.feeding.statement import Feeding
from edgeverify_train.chance import draws, torch_drawing
from edgeverify_train.errors import TrainingError
from edgeverify_train.recipe.recipe import Stage

Pixels: TypeAlias = NDArray[np.float32]
"""RGB, 0 to 255 or somewhat beyond, (s, s, 3)."""
_PRINTED_SHARE = (0.4, 0.8)
"""Side of the printed picture over that of the chip."""


def as_on_a_card(chip: RgbImage, random: np.random.Generator) -> RgbImage:
    """Return the chip, uint8 RGB (s, s, 3), as a card's photo shows it; drawn by `random`."""
    side = chip.shape[0]
    printed = max(16, round(side * random.uniform(*_PRINTED_SHARE)))
    picture = cv2.resize(chip, (printed, printed), interpolation=cv2.INTER_AREA)
    values = _blurred(_printed(np.asarray(picture, dtype=np.float32), random), side, random)
    if random.random() < 0.5:
        values = _with_glare(values, random)
    noisy = values + random.normal(0, random.uniform(1, 6), values.shape)
    return _compressed(np.clip(noisy, 0, 255).astype(np.uint8), random)


def _blurred(values: Pixels, side: int, random: np.random.Generator) -> Pixels:
    """Soften, and enlarge to the chip's side."""
    soft = cv2.GaussianBlur(values, (0, 0), sigmaX=float(random.uniform(0.3, 1.0)))
    large = cv2.resize(soft, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, dtype=np.float32)


def _printed(values: Pixels, random: np.random.Generator) -> Pixels:
    """Narrow the contrast, cast the colours, lay a print's raster over it."""
    if random.random() < 0.2:
        grey = np.asarray(cv2.cvtColor(values, cv2.COLOR_RGB2GRAY), dtype=np.float32)
        values = np.repeat(grey[:, :, None], 3, axis=2)
    black, white = random.uniform(0, 45), random.uniform(200, 255)
    cast = random.uniform(0.9, 1.1, 3).astype(np.float32)
    gamma = random.uniform(0.8, 1.25)
    toned = (np.clip(values, 0, 255) / 255) ** gamma * (white - black) + black
    rows, columns = np.indices(values.shape[:2])
    angle, wave = random.uniform(0, np.pi), random.uniform(2.2, 4.0)
    raster = np.sin((rows * np.sin(angle) + columns * np.cos(angle)) * 2 * np.pi / wave)
    strength = random.uniform(0, 8)
    return np.asarray(toned * cast + strength * raster[:, :, None], dtype=np.float32)


def _with_glare(values: Pixels, random: np.random.Generator) -> Pixels:
    """Lay a laminate's bright stripe across."""
    side = values.shape[0]
    rows, columns = np.indices(values.shape[:2]) / side
    angle = random.uniform(0, np.pi)
    place = rows * np.sin(angle) + columns * np.cos(angle) - random.uniform(-0.2, 1.2)
    stripe = np.exp(-((place / random.uniform(0.05, 0.25)) ** 2)) * random.uniform(10, 70)
    return np.asarray(values + stripe[:, :, None], dtype=np.float32)


def _compressed(chip: RgbImage, random: np.random.Generator) -> RgbImage:
    quality = int(random.integers(40, 90))
    _, coded = cv2.imencode(".jpg", chip[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return np.ascontiguousarray(np.asarray(decoded, dtype=np.uint8)[:, :, ::-1])


@dataclass(frozen=True, slots=True)
class BadPicture:
    """A picture that cannot be read, as one worker tells the training of it."""

    path: Path
    reason: str


def unreadable(picture: BadPicture) -> TrainingError:
    """Make the error of a picture that cannot be read."""
    return TrainingError(
        f"{picture.path} cannot be trained on: {picture.reason}",
        advice="Take it out of the folder, or align its photo again.",
    )


def read_chip(path: Path, size: int) -> RgbImage | BadPicture:
    """Read a chip and bring it to `size` pixels square, uint8 RGB."""
    try:
        rgb = read_rgb(path)
    except EdgeverifyError as error:
        return BadPicture(path, error.problem)
    except OSError as error:
        return BadPicture(path, error.strerror or str(error))
    return rgb if rgb.shape[:2] == (size, size) else whole_chip(rgb, size)


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
