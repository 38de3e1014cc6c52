"""Pictures of an evaluation: histograms, ROC, DET, FNMR against FMR; as PNG and SVG."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.all_scores import AllScores
from edgeverify.evaluation.images.figures import Figures
from edgeverify.evaluation.pictures.fonts import give_glyphs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg")
_MATED, _NON_MATED = "#0072b2", "#d55e00"  # Okabe and Ito's palette: told apart by everybody
_LINES = ("-", "--", ":", "-.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """What is drawn of one set of comparisons."""

    scores: AllScores
    figures: Figures


def save_plots(folder: Path, sets: Mapping[str, Drawn], *, title: str) -> tuple[Path, ...]:
    """Write every plot in both formats; `sets` by name (gates off, gates on). EvaluationError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvaluationError(f"the folder {folder} cannot be made: {error.strerror}") from None
    made: list[Path] = []
    for name, draw in (
        ("histograms", _histograms),
        ("roc", _roc),
        ("det", _det),
        ("fnmr-against-fmr", _trade_off),
    ):
        made += _save(draw(sets, title), folder / name)
    return tuple(made)


def _save(figure: Figure, path: Path) -> list[Path]:
    made = []
    for form in FORMATS:
        target = path.with_suffix(f".{form}")
        try:
            give_glyphs(figure)
            figure.savefig(str(target), format=form, dpi=120)
        except OSError as error:
            raise EvaluationError(f"{target} cannot be written: {error.strerror}") from None
        made.append(target)
    return made


def _new(width: float = 7, height: float = 5, columns: int = 1) -> tuple[Figure, list[Any]]:
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False, sharey=True)[0]
    return figure, list(axes)


def _histograms(sets: Mapping[str, Drawn], title: str) -> Figure:
    figure, axes = _new(6 * len(sets), 4.5, len(sets))
    for axis, (name, drawn) in zip(axes, sets.items(), strict=True):
        mated = drawn.scores.mated[np.isfinite(drawn.scores.mated)]
        non_mated = drawn.scores.ascending
        low = float(min(np.min(mated, initial=np.inf), non_mated[0]))
        high = float(max(np.max(mated, initial=-np.inf), non_mated[-1]))
        edges = np.linspace(low, high, 81)
        for values, colour, what in (
            (non_mated, _NON_MATED, "non-mated"),
            (mated, _MATED, "mated"),
        ):
            counts = np.histogram(values, edges)[0] / max(1, len(values))
            label = f"{what} ({len(values):,})"
            axis.stairs(100 * counts, edges, fill=True, alpha=0.5, color=colour, label=label)
        at = drawn.figures.at_threshold
        if at is not None:
            axis.axvline(at.threshold, color="black", lw=1, ls="--", label="the door's threshold")
        lost = len(drawn.scores.mated) - len(mated)
        axis.set_title(f"{name}: {lost} of {len(drawn.scores.mated):,} mated not compared")
        axis.set_xlabel("comparison score (higher: more similar)")
        axis.legend(loc="upper left", fontsize="small")
        axis.margins(y=0.18)
    axes[0].set_ylabel("share of the comparisons of that kind (%)")
    figure.suptitle(title)
    return figure


def _floor(drawn: Drawn) -> float:
    """Return the FMR below which the comparisons are too few to say anything (rule of three)."""
    return min(1.0, 3 / len(drawn.scores.ascending))


def _roc(sets: Mapping[str, Drawn], title: str) -> Figure:
    figure, (axis,) = _new()
    lowest = 1.0
    for (name, drawn), line in zip(sets.items(), _LINES, strict=False):
        curve, floor = drawn.figures.curve, _floor(drawn)
        lowest = min(lowest, floor)
        shown = curve.fmr >= floor
        label = f"{name}: AUC {drawn.figures.auc:.5f}"
        axis.plot(
            100 * curve.fmr[shown], 100 * (1 - curve.fnmr[shown]), line, color=_MATED, label=label
        )
    axis.set_xscale("log")
    axis.set_xlim(100 * lowest, 100)
    axis.set_xlabel("FMR (%), log scale")
    axis.set_ylabel("mated comparisons that match, 1 - FNMR (%)")
    axis.set_title(f"ROC, {title}")
    axis.grid(visible=True, alpha=0.3)
    axis.legend(loc="lower right")
    return figure


def _det(sets: Mapping[str, Drawn], title: str) -> Figure:
    """Draw the detection error trade-off on normal deviate scales (Martin et al., 1997)."""
    from scipy.special import ndtri  # noqa: PLC0415 - heavy

    figure, (axis,) = _new(6, 6)
    ticks = np.array([1e-5, 1e-4, 1e-3, 1e-2, 0.05, 0.2, 0.4])
    for (name, drawn), line in zip(sets.items(), _LINES, strict=False):
        curve = drawn.figures.curve
        shown = (curve.fmr > 0) & (curve.fnmr > 0) & (curve.fmr < 1) & (curve.fnmr < 1)
        label = f"{name}: EER {drawn.figures.eer:.2%}"
        axis.plot(
            ndtri(curve.fmr[shown]), ndtri(curve.fnmr[shown]), line, color=_MATED, label=label
        )
    places: NDArray[np.float64] = ndtri(ticks)
    axis.plot(places, places, color="grey", lw=0.8, label="FMR = FNMR")
    for scale in (axis.set_xticks, axis.set_yticks):
        scale(places, [f"{100 * tick:g}" for tick in ticks])
    axis.set_xlim(places[0], places[-1])
    axis.set_ylim(places[0], places[-1])
    axis.set_xlabel("FMR (%), normal deviate scale")
    axis.set_ylabel("FNMR (%), normal deviate scale")
    axis.set_title(f"DET, {title}")
    axis.grid(visible=True, alpha=0.3)
    axis.legend(loc="upper right")
    return figure


def _trade_off(sets: Mapping[str, Drawn], title: str) -> Figure:
    figure, (axis,) = _new()
    for (name, drawn), line in zip(sets.items(), _LINES, strict=False):
        curve = drawn.figures.curve
        shown = curve.fmr >= _floor(drawn)
        axis.plot(100 * curve.fmr[shown], 100 * curve.fnmr[shown], line, color=_MATED, label=name)
        rows = [row for row in drawn.figures.rows if row.is_supported and row.rate is not None]
        axis.errorbar(
            [100 * row.rate for row in rows if row.rate is not None],
            [100 * row.fnmr.value for row in rows],
            yerr=[
                [100 * max(0.0, row.fnmr.value - row.fnmr.lower) for row in rows],
                [100 * max(0.0, row.fnmr.upper - row.fnmr.value) for row in rows],
            ],
            fmt="o",
            color=_MATED,
            mfc="white" if line != "-" else _MATED,
            capsize=3,
        )
    axis.set_xscale("log")
    axis.set_ylim(bottom=0)
    axis.set_xlabel("FMR (%), log scale")
    axis.set_ylabel("FNMR (%), failures to acquire included")
    axis.set_title(f"FNMR against FMR, {title}\npoints: 95 % intervals over people")
    axis.grid(visible=True, alpha=0.3)
    axis.legend()
    return figure
