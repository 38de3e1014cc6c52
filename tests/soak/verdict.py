"""What a soak must not end with."""

from __future__ import annotations

from tests.soak.soaking import Report

MAX_DRIFT_MEBIBYTES = 20.0
MAX_LATENCY_DRIFT = 0.10


def failures(report: Report, log: str, exit_code: int, *, judge_latency: bool) -> list[str]:
    """Say everything that was broken; empty is a pass.

    `judge_latency`: in a short soak chance and the machine's other work move it more than the
    door does, so it is only reported.
    """
    before, after = report.before, report.after
    if before is None or after is None or not report.decisions:
        return ["nothing was measured"]
    found = list(report.wrong)
    if report.drift_mebibytes >= MAX_DRIFT_MEBIBYTES:
        found.append(f"memory grew by {report.drift_mebibytes} MiB")
    held = [(each.handles, each.threads, each.children) for each in (before, after)]
    if held[0] != held[1]:
        found.append(f"handles, threads, children were {held[0]} and are {held[1]}")
    if judge_latency and report.latency_drift >= MAX_LATENCY_DRIFT:
        found.append(f"a grant takes {report.latency_drift:+.0%}")
    if "Traceback" in log:
        found.append("the log shows a traceback")
    if exit_code:
        found.append(f"the daemon ended with {exit_code}")
    return found
