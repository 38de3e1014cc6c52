"""The experiments, a row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from benchmarks.lfw_alignment.after import After, centred, half_whitened, unchanged, within_class
from benchmarks.lfw_alignment.chips import Chip, fitted, moved, stated
from benchmarks.lfw_alignment.faces import Finding
from edgeverify.domain import Points
from edgeverify.vision.dominance import FaceSelection

_INTERPOLATIONS: tuple[Literal["linear", "cubic", "lanczos"], ...] = ("linear", "cubic", "lanczos")


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One row of the table: how faces are found, which chips are added up, with mirror or not."""

    name: str
    chips: tuple[Chip, ...]
    finding: Finding = field(default_factory=Finding)
    mirror: bool = True
    after: After = unchanged


def finding_rows(template: str) -> list[Experiment]:
    """List the experiments on faces and interpolation; the first is what the door does."""
    plain = stated(template)
    base = Experiment(name="as the door: central face, 2 passes, area, mirror", chips=(plain,))
    findings = [
        ("the dominant face instead of the central one", FaceSelection.DOMINANT),
        ("the largest face", FaceSelection.LARGEST),
    ]
    return [
        base,
        *(
            replace(base, name=name, finding=Finding(selection=selection))
            for name, selection in findings
        ),
        replace(base, name="no second look at half size", finding=Finding(second_look=False)),
        *(
            replace(base, name=f"mesh run {passes} times", finding=Finding(passes=passes))
            for passes in (1, 3)
        ),
        *(
            replace(base, name=f"margin {margin}", finding=Finding(margin=margin))
            for margin in (1.2, 1.3, 1.4, 1.6, 1.7)
        ),
        replace(base, name="no mirror", mirror=False),
        *(
            replace(base, name=f"after the network: {name}", after=after)
            for name, after in (
                ("centred", centred),
                ("half whitened", half_whitened),
                ("within-class normalised", within_class),
            )
        ),
        *(
            replace(base, name=f"interpolation {how}", chips=(replace(plain, interpolation=how),))
            for how in _INTERPOLATIONS
        ),
    ]


def template_rows(template: str, meshes: Sequence[Points | None]) -> list[Experiment]:
    """List the experiments on points and places; `meshes` are of the tuning folds alone."""
    plain = stated(template)
    many = fitted(meshes, plain, 120)
    every = fitted(meshes, plain, 468)
    single = [
        ("120 steady points", many),
        ("all 468 points", every),
        *((f"120 points, face {s} as large", moved(many, s)) for s in (0.92, 0.96, 1.04, 1.08)),
        *((f"120 points, face {d:+} down", moved(many, 1, d)) for d in (-0.03, 0.03)),
    ]
    several = [
        ("two chips: stated and 120 points", (plain, many)),
        ("two chips: 120 points at 0.96 and 1.04", (moved(many, 0.96), moved(many, 1.04))),
        (
            "seven chips: stated, 120 points in six places",
            (
                plain,
                many,
                *(moved(many, scale) for scale in (0.96, 1.04, 1.08)),
                *(moved(many, 1, down) for down in (-0.03, 0.03)),
            ),
        ),
    ]
    return [
        *(Experiment(name=f"template: {name}", chips=(chip,)) for name, chip in single),
        *(Experiment(name=f"template: {name}", chips=chips) for name, chips in several),
    ]
