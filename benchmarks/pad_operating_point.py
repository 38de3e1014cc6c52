"""What the published threshold 0.5 does on people of NUAA that nobody chose anything on.

The threshold was stated before anything was measured here: 'live' is more likely than all other
classes together. As a check, a threshold is also tuned on some people and tried on the others.
Usage: python -m benchmarks.pad_operating_point ../shared/testdata
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.liveness_clips import arguments, gated, kinds, seen, ungated
from edgeverify.evaluation.attacks.rates import PadRule, Share, rates_of
from edgeverify.evaluation.attacks.scores import ScoredRun
from edgeverify.settings import QualitySettings

PUBLISHED = 0.5
TUNING = frozenset({"0001", "0002", "0003"})
"""The others report; no person is in both."""
MAX_REFUSED = 0.05
"""The goal: at most so many live windows refused."""
STEPS = 999
GATES = QualitySettings(min_eye_distance_pixels=30)


def tell(name: str, runs: Sequence[ScoredRun], rule: PadRule) -> None:
    """Print one line: attack runs and live windows at a threshold."""
    live, prints = counted(runs, rule)
    print(
        f"  {name} at {rule.threshold:.3f}: print runs taken for live {said(prints)}, "
        f"live windows refused {said(live)}"
    )


def counted(runs: Sequence[ScoredRun], rule: PadRule) -> tuple[Share, Share]:
    """Give live windows refused, and print runs taken for live."""
    live = [run for run in runs if run.species is None]
    prints = [run for run in runs if run.species is not None]
    return rates_of(None, live, rule).per_window, rates_of("print", prints, rule).per_run


def said(share: Share) -> str:
    """Word a share with its bound."""
    return f"{share.errors} of {share.count} (<= {share.upper_95 or 1.0:.1%})"


def fits(runs: Sequence[ScoredRun], rule: PadRule) -> bool:
    """Tell whether a threshold meets both goals on these runs."""
    live, prints = counted(runs, rule)
    return prints.errors == 0 and live.errors <= MAX_REFUSED * live.count


def main() -> None:
    """Print the published threshold on everybody and on the two groups, then a tuned one."""
    given = arguments(__doc__).parse_args()
    clips = [one for one in kinds(given.testdata) if one.name.startswith("NUAA")]
    with ungated(given.bundle) as bench:
        runs = [gated(run, GATES) for one in clips for run in seen(one, bench)]
        rule = bench.fusion(5)
    tuning = [run for run in runs if run.run.person in TUNING]
    reporting = [run for run in runs if run.run.person not in TUNING]
    for name, group in (("tuning", tuning), ("reporting", reporting)):
        people = sorted({run.run.person for run in group})
        print(f"{name}: {len(people)} people ({' '.join(people)})")
    published = replace(rule, threshold=PUBLISHED)
    print("the published threshold:")
    for name, group in (("everybody", runs), ("tuning", tuning), ("reporting", reporting)):
        tell(name, group, published)
    tried = [replace(rule, threshold=(n + 1) / (STEPS + 1)) for n in range(STEPS)]
    good = [one.threshold for one in tried if fits(tuning, one)]
    print(f"meets both goals on the tuning people: from {min(good):.3f} to {max(good):.3f}")
    tuned = replace(rule, threshold=(min(good) + max(good)) / 2)
    print("the middle of these, tuned on some and reported on the others:")
    tell("reporting", reporting, tuned)


if __name__ == "__main__":
    main()
