"""Whether something covers the eyes, or mouth and nose: light and colour at places of the mesh.

Dark and mirrored glasses leave the skin below the eyes, which lies behind them, darker or less red
than the cheeks; clear ones do not. A mask leaves mouth, chin and lower cheeks in another colour
than the skin above it, and without lips. Some dozen places of the mesh are read, and their medians
compared, so that it costs next to nothing. Limits and their measured cost: docs/quality.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import Points, RgbImage

_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Places:
    """Places between mesh points: `share` of the way from `low` to `high`, (n, 1)."""

    low: NDArray[np.intp]
    high: NDArray[np.intp]
    share: NDArray[np.float32]

    def read(self, rgb: RgbImage, mesh: Points) -> NDArray[np.float32]:
        """Read the pixels there, float32 (n, 3); at the border the nearest one inside."""
        low, high = mesh[self.low, :2], mesh[self.high, :2]
        at = np.rint(low + (high - low) * self.share)
        height, width = rgb.shape[:2]
        columns = np.clip(at[:, 0], 0, width - 1).astype(np.intp)
        rows = np.clip(at[:, 1], 0, height - 1).astype(np.intp)
        return rgb[rows, columns].astype(np.float32)


def _between(low: Sequence[int], high: Sequence[int], *shares: float) -> _Places:
    """Name places on the lines from mesh points `low` to `high`, at these shares of the way."""
    return _Places(
        low=np.tile(np.array(low), len(shares)),
        high=np.tile(np.array(high), len(shares)),
        share=np.repeat(np.array(shares, np.float32), len(low))[:, np.newaxis],
    )


def _at(*points: int) -> _Places:
    return _between(points, points, 0.0)


_RIGHT_CHEEK = (205, 50, 36, 187, 203, 206)
_LEFT_CHEEK = (425, 280, 266, 411, 423, 426)
_PARTS = {
    # From the lower lid to the rim of the socket: the skin that lies behind glasses.
    "below_right": _between(
        (33, 7, 163, 144, 145, 153, 154, 155),
        (226, 31, 228, 229, 230, 231, 232, 233),
        *(0.35, 0.55, 0.75, 0.95),
    ),
    "below_left": _between(
        (263, 249, 390, 373, 374, 380, 381, 382),
        (446, 261, 448, 449, 450, 451, 452, 453),
        *(0.35, 0.55, 0.75, 0.95),
    ),
    "eye_right": _between((160, 159, 158, 157), (144, 145, 153, 154), 0.2, 0.4, 0.6, 0.8),
    "eye_left": _between((387, 386, 385, 384), (373, 374, 380, 381), 0.2, 0.4, 0.6, 0.8),
    "cheek_right": _between(_RIGHT_CHEEK, (*_RIGHT_CHEEK[1:], _RIGHT_CHEEK[0]), 0.0, 0.5),
    "cheek_left": _between(_LEFT_CHEEK, (*_LEFT_CHEEK[1:], _LEFT_CHEEK[0]), 0.0, 0.5),
    # Bridge of the nose, between the brows, upper cheeks: what no mask covers.
    "above": _at(6, 197, 122, 351, 168, 8, 9, 117, 118, 346, 347, 119, 348),
    "lips": _at(0, 37, 267, 17, 84, 314, 13, 14, 82, 312),
    "around_lips": _at(164, 167, 393, 18, 200, 83, 313, 57, 287, 43, 273),
    "chin": _at(199, 175, 200, 208, 428, 201, 421),
    "lower_cheeks": _at(210, 430, 204, 424, 202, 422, 212, 432),
    "nose": _at(4, 1, 5, 45, 275, 44, 274),
    "middle_cheeks": _at(205, 36, 203, 425, 266, 423),
}
# All of them are read at once, which is what takes time.
_ALL = _Places(
    low=np.concatenate([part.low for part in _PARTS.values()]),
    high=np.concatenate([part.high for part in _PARTS.values()]),
    share=np.concatenate([part.share for part in _PARTS.values()]),
)
_ENDS = np.cumsum([len(part.low) for part in _PARTS.values()]).tolist()

LOST_RED = 2.0
MAX_LOST_RED = 0.12
"""The share of red that the skin behind glass has lost against the cheeks counts this many times as
darkness does, up to this much: mirrors are bright, and hardly ever red."""
MAX_EYE_SHARE = 0.47
SEEN_EYES = 0.17
"""Eyes darker than MAX_EYE_SHARE of the skin below them are seen, in the shade of a cap or a brow:
behind dark glass both are as dark. That is worth SEEN_EYES."""
MAX_LIPS = 0.008
"""Lips differ from the skin around them by more colour than this; cloth does not."""
DARK_CLOTH = 0.5
"""Black cloth has no colour to go by: nose, cheeks, lips and chin are all darker than this share of
the skin above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covering:
    """How covered a face is; figures as in `QualityFigures`."""

    eye_light: float
    mouth_difference: float


def measure_covering(rgb: RgbImage, mesh: Points) -> Covering:
    """Measure both figures of one face: uint8 RGB, mesh (468, 2 or 3) in its pixels.

    Single pixels are read, so give a picture of about a hundred pixels' face: larger ones show
    noise and pores.
    """
    pixels = np.split(_ALL.read(rgb, mesh), _ENDS[:-1])
    seen = {name: _seen(part) for name, part in zip(_PARTS, pixels, strict=True)}
    return Covering(eye_light=_eye_light(seen), mouth_difference=_mouth_difference(seen))


class _Seen(NamedTuple):
    """Median grey value of one part, and its shares of red and green, which shade leaves alone."""

    light: float
    red: float
    green: float


def _eye_light(seen: Mapping[str, _Seen]) -> float:
    """Compare the skin below the eyes with the cheeks, at the eye that is covered less."""
    light, lost_red, eyes = [], [], []
    for side in ("right", "left"):
        behind, skin = seen[f"below_{side}"], seen[f"cheek_{side}"]
        bright = max(skin.light, 1.0)
        light.append(behind.light / bright)
        lost_red.append(skin.red - behind.red)
        eyes.append(seen[f"eye_{side}"].light / bright)
    figure = max(light) - LOST_RED * min(max(min(lost_red), 0.0), MAX_LOST_RED)
    if max(eyes) < MAX_EYE_SHARE * max(light):
        figure += SEEN_EYES
    return max(figure, 0.0)


def _mouth_difference(seen: Mapping[str, _Seen]) -> float:
    above, lips = seen["above"], seen["lips"]
    dark = DARK_CLOTH * max(above.light, 1.0)
    if all(seen[part].light <= dark for part in ("nose", "middle_cheeks", "lips", "chin")):
        return 1.0
    if _apart(lips, seen["around_lips"]) > MAX_LIPS:
        return 0.0
    return min(_apart(seen[part], above) for part in ("lips", "chin", "lower_cheeks"))


def _apart(one: _Seen, other: _Seen) -> float:
    return math.hypot(one.red - other.red, one.green - other.green)


def _seen(pixels: NDArray[np.float32]) -> _Seen:
    # `np.median` of so few values takes several times as long as what it does.
    middle = len(pixels) // 2
    grey = np.partition(pixels @ _GREY, middle)[middle]
    red, green, blue = (np.partition(pixels, middle, axis=0)[middle] + 1.0).tolist()
    total = red + green + blue
    return _Seen(float(grey), red / total, green / total)
