"""What one run of the comparison says; milliseconds, and ratios to face_recognition."""

from __future__ import annotations

from pydantic import BaseModel


class Result(BaseModel):
    """One contestant on one scene, milliseconds; ratios are face_recognition's over its own.

    CPU time hardly depends on what else the machine does; the clock's does.
    """

    scene: str
    size: str
    contestant: str
    frames: int
    p50: float
    p95: float
    fastest: float
    cpu: float
    ratio: float | None = None
    cpu_ratio: float | None = None


class Accuracy(BaseModel):
    """At each contestant's own best threshold on these pairs; no face counts as an error."""

    contestant: str
    pairs: int
    accuracy: float
    images_without_a_face: int


class Report(BaseModel):
    """One run."""

    machine: str
    cores: int
    load_before: float
    load_after: float
    rounds: int
    bundles: list[str]
    results: list[Result]
    accuracy: list[Accuracy]
    left_out: list[str]
