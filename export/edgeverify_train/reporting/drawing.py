"""The pictures of a training's report."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeverify.evaluation.images.figures import Confusion
from edgeverify.evaluation.pictures.fonts import give_glyphs
from edgeverify.evaluation.pictures.picture_file import write_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_BLUE, _RED, _GREY = "#0072b2", "#d55e00", "#777777"
_MOST_PEOPLE = 40


def draw_curves(metrics: Path, target: Path, title: str) -> None:
    """Draw loss, learning rate and the held-out people's figures by epoch."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy

    with metrics.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    epochs = [int(row["epoch"]) for row in rows]
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(epochs, _column(rows, "loss"), "o-", color=_BLUE, label="loss", ms=3)
    left.set_xlabel("epoch")
    left.set_ylabel("loss", color=_BLUE)
    rate = left.twinx()
    rate.plot(epochs, _column(rows, "learning_rate"), "--", color=_GREY, lw=1)
    rate.set_ylabel("learning rate (dashed)", color=_GREY)
    for before, after in pairwise(rows):
        if before["stage"] != after["stage"]:
            left.axvline(int(after["epoch"]) - 0.5, color=_GREY, lw=0.8, ls=":")
    shown = [
        (name, colour)
        for name, colour in (("fnmr", _RED), ("eer", _BLUE), ("gap", _RED))
        if rows and name in rows[0]
    ]
    for name, colour in shown:
        values = [100 * value for value in _column(rows, name)]
        right.plot(epochs, values, "o-", color=colour, label=name.upper(), ms=3)
    right.set_xlabel("epoch")
    right.set_ylabel("% of pairs of held-out people")
    right.set_ylim(bottom=0)
    if shown:
        right.legend()
    for axis in (left, right):
        axis.grid(visible=True, alpha=0.3)
        axis.xaxis.get_major_locator().set_params(integer=True)
    figure.suptitle(title)
    _write(figure, target)


def draw_confusion(
    confusion: Confusion,
    between: NDArray[np.float64],
    names: Sequence[str],
    target: Path,
    *,
    threshold: float,
) -> None:
    """Draw decisions at the threshold, and the mean score of any two people, as heat maps."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy

    figure = Figure(figsize=(12, 5.5), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.5))
    counts = np.array(
        [
            [confusion.matches_of_mated, confusion.non_matches_of_mated],
            [confusion.matches_of_non_mated, confusion.non_matches_of_non_mated],
        ]
    )
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    left.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        share = shares[row, column]
        left.text(
            column, row, f"{count:,}\n{share:.2%}", ha="center", va="center",
            color="white" if share > 0.5 else "black",
        )  # fmt: skip
    left.set_xticks([0, 1], ["match", "non-match"])
    left.set_yticks([0, 1], ["mated", "non-mated"])
    left.set_title(f"decisions at the threshold {threshold:.4f}")
    shown = min(len(names), _MOST_PEOPLE)
    image = right.imshow(between[:shown, :shown], cmap="viridis")
    figure.colorbar(image, ax=right, label="mean score")
    right.set_title(
        "mean score of probes (rows) with references"
        + (f", the first {shown} of {len(names)} people" if shown < len(names) else "")
    )
    if shown <= _MOST_PEOPLE // 2:
        right.set_xticks(range(shown), names[:shown], rotation=90, fontsize=6)
        right.set_yticks(range(shown), names[:shown], fontsize=6)
    _write(figure, target)


def _column(rows: Sequence[dict[str, str]], name: str) -> list[float]:
    return [float(row[name]) if row[name] else float("nan") for row in rows]


def _write(figure: Figure, target: Path) -> None:
    give_glyphs(figure)
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=110)
    write_picture(target, png.getvalue())
