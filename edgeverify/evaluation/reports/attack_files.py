"""What a PAD evaluation leaves behind: the DET plot, and the list of live windows.

The plot has a curve for each species: BPCER against APCER.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import Liveness
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.attacks.attacks import values
from edgeverify.evaluation.attacks.rates import PadRule, windows_of
from edgeverify.evaluation.attacks.scores import ScoredRun

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


_VERDICTS = {
    Liveness.PASSED: "live",
    Liveness.PRESENTATION_ATTACK: "refused",
    Liveness.PENDING: "not_judged",
}


def write_plot(path: Path, scored: Sequence[ScoredRun], rule: PadRule) -> None:
    """Write one curve a species over the mean P(live) of windows; EvaluationError."""
    live = values(scored, rule, None)
    curves = {
        species: det_curve(live, attack)
        for species in dict.fromkeys(run.species for run in scored)
        if species is not None and (attack := values(scored, rule, species))
    }
    save_det_plot(path, curves, title=f"PAD over windows of {rule.window} frames")


def write_windows(path: Path, scored: Sequence[ScoredRun], rule: PadRule) -> None:
    """List every live window by name with its verdict, no picture; EvaluationError."""
    lines = ["run\tfirst_frame\tframes\tmean_live_probability\tverdict"]
    for run in scored:
        if run.species is None:
            lines += [
                f"{window.run}\t{window.first_frame}\t{rule.window}\t"
                f"{'' if window.mean is None else format(window.mean, '.4f')}\t"
                f"{_VERDICTS[window.verdict]}"
                for window in windows_of(run, rule, step=rule.window)
            ]
    try:
        path.write_text("\n".join(lines) + "\n", "utf-8", "backslashreplace")
    except OSError as error:
        raise EvaluationError(f"{path} cannot be written: {error.strerror}") from None
