"""Pictures, what is done to them before anybody looks, and the mated pairs among them."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import RgbImage
from edgeverify.enrolment.photo import decode_photo
from edgeverify.evaluation.images.pairs import read_pairs
from edgeverify.vision.dominance import FaceSelection

SESSIONS_OF = ("0001", "0005", "0007")
SEED = 20261122


class Worse(Enum):
    """What was done to a frame, and the levels that are drawn from (log-uniform)."""

    SMALLER = (0.08, 0.8)
    """Scaled by so much, averaged."""
    BLURRED = (0.7, 14.0)
    """Gaussian of so many pixels; the eyes are 65 to 120 pixels apart."""
    DARKER = (0.04, 0.8)
    """Multiplied by so much, with noise of 3 grey values, as a sensor has."""
    BRIGHTER = (1.2, 8.0)
    """Multiplied by so much and clipped."""


ABOUT = {
    Worse.SMALLER: ("min_eye_distance_pixels",),
    Worse.BLURRED: ("min_sharpness",),
    Worse.DARKER: ("min_brightness", "min_contrast"),
    Worse.BRIGHTER: ("max_brightness", "min_contrast"),
}


@dataclass(frozen=True)
class Picture:
    """A file, and what is done to it before anybody looks."""

    path: Path
    worse: Worse | None = None
    level: float = 1.0

    def __str__(self) -> str:
        return str(self.path) if self.worse is None else f"{self.path} {self.worse} {self.level}"

    def read(self) -> RgbImage:
        """Decode, then make worse."""
        rgb = decode_photo(self.path.name, self.path.read_bytes(), max_megapixels=25).rgb
        if self.worse is None:
            return rgb
        if self.worse is Worse.SMALLER:
            size = (round(rgb.shape[1] * self.level), round(rgb.shape[0] * self.level))
            changed = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        elif self.worse is Worse.BLURRED:
            changed = cv2.GaussianBlur(rgb, (0, 0), self.level)
        else:
            noise = np.random.default_rng(SEED).normal(0, 3, rgb.shape)
            if self.worse is Worse.BRIGHTER:
                noise *= 0
            changed = (rgb * self.level + noise).round().clip(0, 255)
        return np.asarray(changed, dtype=np.uint8)


@dataclass(frozen=True, kw_only=True)
class PairSet:
    """A named list of images, and the mated pairs among them by number."""

    name: str
    images: tuple[Picture, ...]
    people: tuple[str, ...]
    pairs: NDArray[np.int64]
    selection: FaceSelection
    worse: Worse | None = None


def lfw(testdata: Path) -> PairSet:
    """List LFW's mated pairs; all its images are there for the non-mated ones."""
    folder = testdata / "lfw" / "lfw-deepfunneled"
    pairs = read_pairs(testdata / "annotations" / "lfw_pairs_share.txt")
    images = sorted({key.path(folder) for pair in pairs for key in (pair.probe, pair.reference)})
    number = {path: index for index, path in enumerate(images)}
    mated = [
        (number[pair.probe.path(folder)], number[pair.reference.path(folder)])
        for pair in pairs
        if pair.is_mated
    ]
    return PairSet(
        name="LFW",
        images=tuple(Picture(path) for path in images),
        people=tuple(path.parent.name for path in images),
        pairs=np.array(mated, dtype=np.int64),
        selection=FaceSelection.CENTRAL,
    )


def nuaa(testdata: Path) -> PairSet:
    """List every pair of live frames of one person from two sessions."""
    folder = testdata / "nuaa" / "db" / "ClientRaw"
    images = [path for who in SESSIONS_OF for path in sorted((folder / who).glob("*.jpg"))]
    keys = [(path.parent.name, path.stem.split("_")[3]) for path in images]
    mated = [
        (first, second)
        for first, second in itertools.combinations(range(len(images)), 2)
        if keys[first][0] == keys[second][0] and keys[first][1] != keys[second][1]
    ]
    return PairSet(
        name="NUAA across sessions",
        images=tuple(Picture(path) for path in images),
        people=tuple(who for who, _ in keys),
        pairs=np.array(mated, dtype=np.int64),
        selection=FaceSelection.LARGEST,
    )


def made_worse(whole: PairSet, worse: Worse) -> PairSet:
    """Put a worse copy of every image behind the images; a pair is worse probe, whole reference."""
    random = np.random.default_rng([SEED, list(Worse).index(worse)])
    low, high = (math.log(level) for level in worse.value)
    levels = np.exp(random.uniform(low, high, len(whole.images)))
    copies = tuple(
        Picture(picture.path, worse, round(float(level), 4))
        for picture, level in zip(whole.images, levels, strict=True)
    )
    count = len(whole.images)
    both_ways = np.concatenate([whole.pairs, whole.pairs[:, ::-1]])
    return PairSet(
        name=f"NUAA {worse.name.lower()}",
        images=whole.images + copies,
        people=whole.people * 2,
        pairs=both_ways + np.array([count, 0]),
        selection=whole.selection,
        worse=worse,
    )


def yale(testdata: Path) -> PairSet:
    """List each person's `normal` picture against their others: light, glasses, expression."""
    images = sorted((testdata / "yale" / "yalefaces").glob("subject*.*"))
    people = [path.name.split(".")[0] for path in images]
    normal = {who: i for i, who in enumerate(people) if images[i].name.endswith(".normal")}
    mated = [(i, normal[who]) for i, who in enumerate(people) if i != normal[who]]
    return PairSet(
        name="Yale: light, glasses, expression",
        images=tuple(Picture(path) for path in images),
        people=tuple(people),
        pairs=np.array(mated, dtype=np.int64),
        selection=FaceSelection.LARGEST,
    )
