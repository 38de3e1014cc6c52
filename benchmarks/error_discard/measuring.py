"""Every gate on every set of pairs, and bad pictures against strangers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.error_discard.curves import GATES, GateFigure, discard_curve, gate_effect
from benchmarks.error_discard.looking import Embeddings, Floats, Seen
from benchmarks.error_discard.material import ABOUT, PairSet
from benchmarks.error_discard.report import SHARES, Bin, GateReport, Point, SetReport, Strangers
from edgeverify.settings import QualitySettings

BINS = 12


def usable_pairs(chosen: PairSet, seen: Seen, bundle: int) -> tuple[Floats, Floats]:
    """Score the mated pairs that have two faces, (m,), with the worse goodness, (m, gates)."""
    both = seen.has_face[chosen.pairs].all(axis=1)
    left, right = chosen.pairs[both].T
    values = seen.embeddings[bundle]
    scores = (values[left] * values[right]).sum(axis=1).astype(np.float64)
    return scores, np.minimum(seen.goodness[left], seen.goodness[right])


def all_non_mated(values: Embeddings, people: NDArray[np.str_]) -> Floats:
    """Compare every image with every later one of somebody else."""
    upper = np.triu_indices(len(values), 1)
    scores = (values @ values.T)[upper].astype(np.float64)
    return np.asarray(scores[people[upper[0]] != people[upper[1]]])


def against_strangers(
    chosen: PairSet, seen: Seen, crowd: Seen, bundle: int, threshold: float
) -> Strangers | None:
    """Compare every NUAA frame (made worse, if that is the set) with every LFW image."""
    if not chosen.name.startswith("NUAA"):
        return None
    first = 0 if chosen.worse is None else len(chosen.images) // 2
    usable = (np.arange(len(chosen.images)) >= first) & seen.has_face
    settings = QualitySettings()
    passes = np.ones(usable.sum(), bool)
    for column, gate in enumerate(GATES):
        if chosen.worse is not None and gate.setting in ABOUT[chosen.worse]:
            passes &= seen.goodness[usable, column] >= gate.limit(settings)
    scores = seen.embeddings[bundle][usable] @ crowd.embeddings[bundle][crowd.has_face].T
    is_match = scores >= threshold
    return Strangers(
        comparisons=is_match.size,
        false_matches=int(is_match.sum()),
        passed=int(is_match[passes].size),
        passed_false_matches=int(is_match[passes].sum()),
    )


def report_set(chosen: PairSet, seen: Seen, bundle: int, threshold: float) -> SetReport:
    """Measure every gate on one set."""
    scores, goodness = usable_pairs(chosen, seen, bundle)
    settings = QualitySettings()
    gates = []
    for column, gate in enumerate(GATES):
        curve = discard_curve(scores, goodness[:, column], threshold)
        effect = gate_effect(scores, goodness[:, column], threshold, gate.limit(settings))
        gates.append(
            GateReport(
                gate=gate.setting,
                default=float(getattr(settings, gate.setting)),
                worst=round(gate.shown(float(goodness[:, column].min())), 1),
                kept=effect.kept,
                refused=effect.refused,
                fnmr_kept=effect.fnmr_kept,
                fnmr_refused=effect.fnmr_refused,
                bins=by_figure(scores, goodness[:, column], gate, threshold),
                curve=tuple(
                    Point(discarded=share, fnmr=round(curve.at(share), 5)) for share in SHARES
                ),
            )
        )
    return SetReport(
        name=chosen.name,
        images=len(chosen.images),
        without_a_face=int((~seen.has_face).sum()),
        pairs=len(scores),
        fnmr=float((scores < threshold).mean()),
        gates=tuple(gates),
    )


def by_figure(
    scores: Floats, goodness: Floats, gate: GateFigure, threshold: float
) -> tuple[Bin, ...]:
    """FNMR of as many pairs at a time, from the worst figure to the best."""
    order = np.argsort(goodness, kind="stable")
    made = []
    for part in np.array_split(order, BINS):
        ends = [gate.shown(float(goodness[part[end]])) for end in (0, -1)]
        made.append(
            Bin(
                low=round(min(ends), 1),
                high=round(max(ends), 1),
                pairs=len(part),
                fnmr=round(float((scores[part] < threshold).mean()), 5),
            )
        )
    return tuple(made)
