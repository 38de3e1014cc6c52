"""DET curves of presentation attack detection: BPCER against APCER, a curve a species."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeverify.errors import EvaluationError

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


def det_curve(live: Sequence[float], attack: Sequence[float]) -> Curve:
    """Return APCER and BPCER at every threshold that tells two values apart; both ends included.

    `live` and `attack` are P(live) of frames, or means of windows. EvaluationError for none.
    """
    if not live or not attack:
        raise EvaluationError("a DET curve needs bona fide and attack presentations")
    genuine, forged = np.sort(live), np.sort(attack)
    thresholds = np.unique(np.concatenate([genuine, forged, [0.0, np.nextafter(1.0, 2.0)]]))
    apcer = 1.0 - np.searchsorted(forged, thresholds, side="left") / len(forged)
    bpcer = np.searchsorted(genuine, thresholds, side="left") / len(genuine)
    return apcer, bpcer


def save_det_plot(path: Path, curves: Mapping[str, Curve], *, title: str) -> None:
    """Write the curves as a PNG; EvaluationError where the file cannot be written."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy

    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.add_subplot()
    for name, (apcer, bpcer) in curves.items():
        axes.step(100 * apcer, 100 * bpcer, where="post", label=name)
    axes.set_xscale("symlog", linthresh=1)
    axes.set_yscale("symlog", linthresh=1)
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    axes.set_xlabel("APCER, attacks taken for live (%)")
    axes.set_ylabel("BPCER, live refused (%)")
    axes.set_title(title)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    try:
        figure.savefig(str(path), format="png", dpi=120)
    except OSError as error:
        raise EvaluationError(f"the plot {path} cannot be written: {error.strerror}") from None
