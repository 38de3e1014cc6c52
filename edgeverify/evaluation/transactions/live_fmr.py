"""What a door's own journal says of its thresholds, without labels (pure).

Every probe that was let in is somebody else to all other cards. Their scores stand in the journal
as counts, so the impostor side of each threshold is there, on the door's own people and camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeverify.bundle.measured_point import MeasuredPoint
from edgeverify.how_many import how_many
from edgeverify.journal.impostors import LiveHistogram, poisson_upper_95


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRow:
    """One threshold of the bundle, as the door's own people found it.

    `false_matches` may count a few too many: those in the threshold's own bin are among them.
    """

    rate: float
    threshold: float
    false_matches: int
    fmr: float
    at_most: float

    @property
    def is_above(self) -> bool:
        """True where more was seen than the rate that the threshold is named by."""
        return self.fmr > self.rate


def live_rows(found: LiveHistogram, points: Sequence[MeasuredPoint]) -> tuple[LiveRow, ...]:
    """Judge the thresholds of single frames and single photos; none without a comparison."""
    rate = found.rate
    if not rate.comparisons or not rate.pairs_of_people:
        return ()
    rows = []
    for point in points:
        if not point.supported or (point.fusion, point.photos) != ("single", 1):
            continue
        if point.origin != "elsewhere":
            continue
        errors = found.false_matches(point.threshold)
        bound = poisson_upper_95(errors) / rate.comparisons
        rows.append(
            LiveRow(
                rate=point.fmr,
                threshold=point.threshold,
                false_matches=errors,
                fmr=errors / rate.comparisons,
                at_most=min(1.0, max(bound, 3.0 / rate.pairs_of_people)),
            )
        )
    return tuple(rows)


def live_lines(found: LiveHistogram, rows: Sequence[LiveRow], fmr: float) -> list[str]:
    """Return the rows for people, and what they mean for the rate `fmr`."""
    others = ", ".join(
        f"{name} ({how_many(grants, 'grant')})" for name, grants in found.other_models
    )
    if not found.rate.comparisons and others:
        return [
            f"nothing was counted with this bundle; the journal was written with {others}",
            "name the bundle that the door runs with --bundle, or its config with --config",
        ]
    said = [found.rate.line]
    if others:
        said.append(f"counted with other models, and not among these: {others}")
    if not rows:
        if found.rate.comparisons:
            said.append("this bundle has no measured thresholds to hold against it")
        return said
    said.append("FMR      threshold  at this door: FMR (95 % at most), false matches")
    for row in rows:
        above = "  ABOVE THE RATE" if row.is_above else ""
        said.append(
            f"{row.rate:<8g} {row.threshold:<10.4f} {row.fmr:.2g} ({row.at_most:.2g}), "
            f"{row.false_matches:,} of {found.rate.comparisons:,}{above}"
        )
    fitting = [row for row in rows if row.rate <= fmr * (1 + 1e-9)]
    asked = max(fitting, key=lambda row: row.rate, default=None)
    if asked is None:
        return said
    if asked.at_most <= fmr:
        said.append(f"FMR {fmr:g} holds among this door's own people")
    elif asked.is_above:
        said.append(
            f"FMR {fmr:g} does NOT hold among this door's own people: set decision.max_fmr lower, "
            "or measure thresholds on them with `edgeverify calibrate PHOTOS`"
        )
    else:
        pairs = found.rate.pairs_of_people
        carried = how_many(pairs, "pair of people carries", "pairs of people carry")
        said.append(
            f"nothing speaks against FMR {fmr:g} here, and {carried} no more than "
            f"{asked.at_most:.2g} at 95 %"
        )
    return said
