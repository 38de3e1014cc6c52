"""The same images with the quality gates off, and with them on: who may be compared with whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeverify.comparison import Metric
from edgeverify.evaluation.images.all_scores import Faces, Mask
from edgeverify.evaluation.images.material import Material
from edgeverify.settings import EnrolmentSettings, QualitySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What a live picture and an enrolment photo must be like; None: no quality gates."""

    probe: QualitySettings | None
    reference: QualitySettings | None

    @classmethod
    def off(cls) -> Gates:
        """Nothing refused for its quality."""
        return cls(probe=None, reference=None)

    @classmethod
    def on(cls, quality: QualitySettings, enrolment: EnrolmentSettings) -> Gates:
        """Build the door's gates, and for references those with the eye distance of photos."""
        pixels = min(enrolment.min_eye_distance_pixels, quality.min_eye_distance_pixels)
        return cls(
            probe=quality,
            reference=quality.model_copy(update={"min_eye_distance_pixels": pixels}),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Failures to acquire (or enrol): how many of how many pictures, and by which gate."""

    count: int
    of: int
    by_gate: tuple[tuple[str, int], ...]

    @property
    def rate(self) -> float:
        """0 to 1."""
        return self.count / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """Faces under some gates; `fta` over all pictures as probes, `fte` as enrolment photos.

    `not_enrolled` counts the people none of whose pictures could be a reference.
    """

    faces: Faces
    fta: Failures
    fte: Failures
    not_enrolled: int


def view(material: Material, gates: Gates, metric: Metric) -> View:
    """Judge every picture by the gates."""
    size = max((len(s.values) for s in material.seen if s.values is not None), default=1)
    values = np.zeros((len(material.seen), size), np.float32)
    references = np.zeros((len(material.seen), size), np.float32)
    probe_gates: list[str | None] = []
    reference_gates: list[str | None] = []
    for row, seen in enumerate(material.seen):
        if seen.values is not None:
            values[row] = seen.values
        if seen.reference_values is not None:
            references[row] = seen.reference_values
        probe = seen.refused_by(gates.probe)
        reference = seen.refused_by(gates.reference)
        probe_gates.append(probe.gate.value if probe else None)
        reference_gates.append(reference.gate.value if reference else None)
    is_reference: Mask = np.array([gate is None for gate in reference_gates])
    enrolled = np.unique(material.person[is_reference])
    return View(
        faces=Faces(
            values=values,
            references=references,
            person=material.person,
            people=len(material.people),
            is_reference=is_reference,
            is_probe=np.array([gate is None for gate in probe_gates]),
            metric=metric,
        ),
        fta=failures_of(probe_gates),
        fte=failures_of(reference_gates),
        not_enrolled=len(material.people) - len(enrolled),
    )


def failures_of(gates: Sequence[str | None]) -> Failures:
    """Count failures by gate; None: none."""
    counted = Counter(gate for gate in gates if gate is not None)
    return Failures(
        count=sum(counted.values()),
        of=len(gates),
        by_gate=tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0]))),
    )
