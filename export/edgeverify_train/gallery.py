"""Pairs of pictures side by side with what is said of them, as one PNG for their owner's eyes."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from edgeverify_export.parity.faces import read_rgb

from edgeverify.domain import RgbImage
from edgeverify.errors import EdgeverifyError
from edgeverify.evaluation.pictures.fonts import give_glyphs
from edgeverify.evaluation.pictures.picture_file import write_picture

View: TypeAlias = Callable[[RgbImage], RgbImage]
"""From a chip to what a network sees of it, both uint8 RGB."""

MOST = 24
_COLUMNS = 3
_GOOD, _BAD = "#0072b2", "#d55e00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A picture and the words under it."""

    path: Path
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairShown:
    """Two pictures, the words over them, and whether they are as they should be."""

    first: Side
    second: Side
    words: str
    is_good: bool = False


def write_gallery(
    path: Path,
    pairs: Sequence[PairShown],
    title: str,
    *,
    view: View | None = None,
) -> int:
    """Draw up to 24 pairs, three in a row; returns how many. EvaluationError if it cannot be.

    Without a `view` the pictures are shown as they are.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy

    shown = list(pairs[:MOST])
    rows = max(1, -(-len(shown) // _COLUMNS))
    figure = Figure(figsize=(3.6 * _COLUMNS, 2.35 * rows + 0.6), layout="constrained")
    figure.suptitle(title, fontsize=11)
    parts = figure.subfigures(rows, _COLUMNS, squeeze=False).ravel()
    for part, pair in zip(parts, shown, strict=False):
        part.suptitle(pair.words, fontsize=8, color=_GOOD if pair.is_good else _BAD)
        for axis, side in zip(part.subplots(1, 2), (pair.first, pair.second), strict=True):
            axis.set_xticks([])
            axis.set_yticks([])
            axis.set_xlabel(_short(side.words), fontsize=7)
            try:
                rgb = read_rgb(side.path)
                axis.imshow(rgb if view is None else view(rgb))
            except (EdgeverifyError, OSError):
                axis.text(0.5, 0.5, "cannot be read", ha="center", va="center", fontsize=7)
    if not shown:
        figure.text(0.5, 0.4, "nothing to show", ha="center")
    give_glyphs(figure)
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=110)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_picture(path, png.getvalue())
    return len(shown)


def digits_of(scores: Sequence[float]) -> int:
    """Return how many digits after the point tell scores apart.

    Those of a network that learned little differ in late ones only.
    """
    return 4 if not scores or max(scores) - min(scores) >= 0.01 else 7


def _short(words: str, most: int = 26) -> str:
    return words if len(words) <= most else f"{words[: most // 2 - 1]}..{words[-(most // 2) + 1 :]}"
