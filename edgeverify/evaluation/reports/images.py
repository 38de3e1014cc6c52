"""What an evaluation of images comes to: lines, JSON, plots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeverify.domain import OperatingPoint
from edgeverify.evaluation.as_json import plain
from edgeverify.evaluation.images.acquire import Problem
from edgeverify.evaluation.images.evaluation import Measured, NothingLeft
from edgeverify.evaluation.images.lines import lines
from edgeverify.evaluation.pictures.plots import Drawn, save_plots
from edgeverify.settings import QualitySettings

_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageReport:
    """Every figure by the state of the gates; an EvaluationError where gates left nothing.

    `gates` is None for pictures that were aligned before, which no gate looks at.
    """

    facts: Mapping[str, str]
    point: OperatingPoint | None
    gates: QualitySettings | None
    enrolment_eye_distance: float
    problems: tuple[Problem, ...]
    measured: Mapping[str, Measured | NothingLeft]

    def lines(self) -> list[str]:
        """Return the report for people."""
        said = [", ".join(f"{name} {value}" for name, value in self.facts.items())]
        said.append(self._gates())
        said.append(
            "the door's threshold: none, the bundle has no evidence for the rate"
            if self.point is None
            else f"the door's threshold: {self.point.threshold:.4f} ({self.point.evidence})"
        )
        if self.problems:
            said.append(f"images left out: {len(self.problems)}")
            said += [f"  {_named(one)}" for one in self.problems[:_SHOWN]]
            if len(self.problems) > _SHOWN:
                said.append(f"  and {len(self.problems) - _SHOWN} more")
        for name, found in self.measured.items():
            said.append("")
            said += lines(name, found)
        return said

    def _gates(self) -> str:
        if self.gates is None:
            return "pictures aligned before: no face was looked for, so no gate could refuse one"
        gates = ", ".join(f"{name}={value:g}" for name, value in self.gates.model_dump().items())
        return f"gates, when on: {gates}; photos from {self.enrolment_eye_distance:g} pixels"

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "facts": dict(self.facts),
            "gates": None if self.gates is None else self.gates.model_dump(mode="json"),
            "enrolment_min_eye_distance_pixels": self.enrolment_eye_distance,
            "threshold": plain(self.point),
            "left_out": plain(self.problems),
            "measured": {
                name: {
                    "nothing_left": found.problem,
                    "fta": plain(found.fta),
                    "fte": plain(found.fte),
                    "not_enrolled": found.not_enrolled,
                }
                if isinstance(found, NothingLeft)
                else plain(found)
                for name, found in self.measured.items()
            },
        }

    def save_plots(self, folder: Path) -> tuple[Path, ...]:
        """Draw histograms, ROC, DET and FNMR against FMR. EvaluationError."""
        sets = {
            name: Drawn(scores=found.scores, figures=found.figures)
            for name, found in self.measured.items()
            if not isinstance(found, NothingLeft) and not name.startswith("tuning")
        }
        return save_plots(folder, sets, title=self.facts.get("model", ""))


def _named(one: Problem) -> str:
    """Return the problem with its file, once."""
    is_named = one.problem.startswith(str(one.path))
    return one.problem if is_named else f"{one.path}: {one.problem}"
