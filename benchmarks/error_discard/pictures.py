"""The curves, to be looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.error_discard.curves import GATES, DiscardCurve, discard_curve
from benchmarks.error_discard.looking import Floats
from benchmarks.error_discard.material import ABOUT, PairSet
from benchmarks.error_discard.report import FMR, Report
from edgeverify.settings import QualitySettings

_ACROSS = 4
"""Panels in a row."""


def plot_worse(path: Path, report: Report, sets: Sequence[PairSet]) -> None:
    """Draw FNMR over the figure that a gate reads, for frames made worse; dotted: the default."""
    wanted = [
        (part, gate)
        for chosen, part in zip(sets, report.sets, strict=True)
        if chosen.worse is not None
        for gate in part.gates
        if gate.gate in ABOUT[chosen.worse]
    ]
    figure = Figure(figsize=(13, 7.5), layout="constrained")
    panels = figure.subplots(2, 3).ravel()
    for panel, (part, gate) in zip(panels, wanted, strict=False):
        middles = [(each.low + each.high) / 2 for each in gate.bins]
        panel.plot(middles, [100 * each.fnmr for each in gate.bins], "o-", markersize=4)
        panel.axvline(gate.default, color="black", linestyle=":")
        panel.set_title(f"{part.name}: {gate.gate} (default {gate.default:g})", fontsize=10)
        panel.set_xlabel("figure of the face")
        panel.set_ylabel("FNMR (%)")
        panel.set_ylim(bottom=-1)
        panel.grid(visible=True, alpha=0.3)
    figure.suptitle(f"{report.bundle}: FNMR at FMR {FMR:g} of real frames made worse, by figure")
    figure.savefig(str(path), dpi=100)


def plot(
    path: Path, bundle: str, sets: Sequence[tuple[PairSet, Floats, Floats]], threshold: float
) -> None:
    """Draw a panel a gate: FNMR of what is left over the share refused, a line a set."""
    rows = math.ceil(len(GATES) / _ACROSS)
    figure = Figure(figsize=(4.3 * _ACROSS, 3.6 * rows), layout="constrained")
    panels = figure.subplots(rows, _ACROSS).ravel()
    for panel in panels[len(GATES) :]:
        panel.set_visible(False)
    settings = QualitySettings()
    for column, (panel, gate) in enumerate(zip(panels, GATES, strict=False)):
        for number, (chosen, scores, goodness) in enumerate(sets):
            curve: DiscardCurve = discard_curve(scores, goodness[:, column], threshold)
            keep = curve.discarded <= 0.6
            colour = f"C{number}"
            panel.plot(
                100 * curve.discarded[keep], 100 * curve.fnmr[keep], colour, label=chosen.name
            )
            refused = float((goodness[:, column] < gate.limit(settings)).mean())
            if 0 < refused <= 0.6:
                panel.axvline(100 * refused, color=colour, linestyle=":")
        panel.set_title(
            f"{gate.setting} (default {getattr(settings, gate.setting):g})", fontsize=10
        )
        panel.set_xlabel("mated pairs refused, worst first (%)")
        panel.set_ylabel("FNMR of the rest (%)")
        panel.set_ylim(bottom=0)
        panel.grid(visible=True, alpha=0.3)
    panels[0].legend(fontsize=8)
    figure.suptitle(
        f"{bundle}: error versus discard at FMR {FMR:g} "
        "(dotted: where the default limit would refuse)"
    )
    figure.savefig(str(path), dpi=100)
