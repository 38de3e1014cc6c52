"""The figures as Markdown."""

from __future__ import annotations

import math

from benchmarks.error_discard.material import ABOUT, Worse
from benchmarks.error_discard.report import SHARES, Report


def print_table(report: Report) -> None:
    """Print a Markdown table a set."""
    print(f"\n# {report.bundle}: threshold {report.threshold:.4f} at FMR {report.fmr:g}")
    for part in report.sets:
        print(
            f"\n{part.name}: {part.images} images ({part.without_a_face} without a face), "
            f"{part.pairs} mated pairs, FNMR {part.fnmr:.2%}\n"
        )
        shares = " | ".join(f"{share:.0%}" for share in SHARES[1:])
        print(f"| gate | default | worst seen | refused | FNMR kept | FNMR refused | {shares} |")
        print("| --- " * (6 + len(SHARES) - 1) + "|")
        for gate in part.gates:
            cells = " | ".join(_hundredths(point.fnmr) for point in gate.curve[1:])
            print(
                f"| {gate.gate} | {gate.default:g} | {gate.worst:g} | "
                f"{gate.refused / part.pairs:.1%} | {_percent(gate.fnmr_kept)} | "
                f"{_percent(gate.fnmr_refused)} | {cells} |"
            )
        if part.strangers is not None:
            far = part.strangers
            print(
                f"\nagainst everybody in LFW: {far.false_matches} of {far.comparisons:,} match; "
                f"behind the gates about it {far.passed_false_matches} of {far.passed:,}"
            )
        about = [each for each in Worse if part.name.endswith(f" {each.name.lower()}")]
        for gate in part.gates:
            if about and gate.gate in ABOUT[about[0]]:
                cells = "; ".join(f"{b.low:g} to {b.high:g}: {b.fnmr:.1%}" for b in gate.bins)
                print(f"\n{gate.gate}, FNMR by figure: {cells}")


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.2%}"


def _hundredths(rate: float) -> str:
    """Return a rate in percent; `-` where nothing more can be refused by that gate."""
    return "-" if math.isnan(rate) else f"{100 * rate:.2f}"
