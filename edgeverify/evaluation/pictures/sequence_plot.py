"""FRR and FAR of transactions against the threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeverify.errors import EvaluationError

_FRR, _FAR = "#0072b2", "#d55e00"


def save_sequence_plot(
    folder: Path,
    thresholds: NDArray[np.float64],
    rates: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    at: float,
    title: str,
) -> tuple[Path, ...]:
    """Write PNG and SVG; `rates` holds FRR and FAR by state of the gates. EvaluationError."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy

    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    for (name, (rejects, accepts)), line in zip(rates.items(), ("-", "--", ":"), strict=False):
        axes.plot(thresholds, 100 * np.array(rejects), line, color=_FRR, label=f"FRR, {name}")
        axes.plot(thresholds, 100 * np.array(accepts), line, color=_FAR, label=f"FAR, {name}")
    axes.axvline(at, color="black", lw=1, ls=":", label="the door's threshold")
    axes.set_xlabel("threshold of one comparison")
    axes.set_ylabel("transactions (%)")
    axes.set_ylim(0, 100)
    axes.set_title(f"Whole transactions, {title}")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = tuple(folder / f"transactions.{form}" for form in ("png", "svg"))
        for path in made:
            figure.savefig(str(path), format=path.suffix[1:], dpi=120)
    except OSError as error:
        raise EvaluationError(f"a plot in {folder} cannot be written: {error.strerror}") from None
    return made
