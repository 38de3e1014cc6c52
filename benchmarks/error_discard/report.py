"""What one bundle was measured at."""

from __future__ import annotations

from pydantic import BaseModel

FMR = 1e-4
SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)


class Point(BaseModel):
    """FNMR once that share of the pairs is refused."""

    discarded: float
    fnmr: float


class Bin(BaseModel):
    """Pairs whose figure lies from `low` to `high`, in the gate's own unit."""

    low: float
    high: float
    pairs: int
    fnmr: float


class GateReport(BaseModel):
    """One gate on one set of pairs; `worst` is the worst figure seen, in the gate's own unit."""

    gate: str
    default: float
    worst: float
    kept: int
    refused: int
    fnmr_kept: float | None
    fnmr_refused: float | None
    curve: tuple[Point, ...]
    bins: tuple[Bin, ...]


class Strangers(BaseModel):
    """NUAA frames against everybody in LFW. Bad pictures must not make people alike.

    `passed` counts comparisons of frames that the gates about this worsening let through.
    """

    comparisons: int
    false_matches: int
    passed: int
    passed_false_matches: int


class SetReport(BaseModel):
    """One set of mated pairs."""

    name: str
    images: int
    without_a_face: int
    pairs: int
    fnmr: float
    gates: tuple[GateReport, ...]
    strangers: Strangers | None = None


class Report(BaseModel):
    """One bundle."""

    bundle: str
    threshold: float
    fmr: float
    non_mated: int
    sets: tuple[SetReport, ...]
