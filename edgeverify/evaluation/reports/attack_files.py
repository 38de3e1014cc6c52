"""What a PAD evaluation leaves behind: the DET plot, and the list of live windows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeverify.domain import Liveness
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.attacks.attacks import values
from edgeverify.evaluation.attacks.rates import PadRule, windows_of
from edgeverify.evaluation.attacks.scores import ScoredRun
from edgeverify.evaluation.pictures.pad_plot import det_curve, save_det_plot

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
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise EvaluationError(f"{path} cannot be written: {error.strerror}") from None
