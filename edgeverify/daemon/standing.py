"""What was chosen and weakens the door: stated as a fault for as long as it stands."""

from __future__ import annotations

from pathlib import Path

from edgeverify.daemon.door.situation import Situation
from edgeverify.daemon.faults import FaultBoard
from edgeverify.domain import Degradation, FaultName, OperatingPoint


def state_what_stands(
    faults: FaultBoard,
    situation: Situation,
    notices: tuple[Degradation, ...],
    moved_aside: Path | None,
) -> None:
    """State what the situation in force leaves open; take back what no longer stands.

    `notices` are what the verifier lacks; `moved_aside` is where damaged references are kept.
    """
    faults.state(
        FaultName.LIVENESS_OFF, "switched off in the config", present=situation.plan.is_off
    )
    faults.state(
        FaultName.THRESHOLD_BY_HAND,
        "no measured false match rate",
        present=situation.point.max_fmr is None,
    )
    faults.state(FaultName.MODEL_WEAK, situation.weak, present=bool(situation.weak))
    not_held = rate_not_held(situation.point, situation.walk_up_point)
    faults.state(FaultName.RATE_NOT_HELD, not_held, present=bool(not_held))
    faults.replace("pad_", notices)
    faults.state(
        FaultName.LIVENESS_UNAVAILABLE,
        "no PAD bundle works: every claim is denied",
        present=not situation.plan.can_run,
    )
    detail = f"the references were damaged, are kept as {moved_aside} and made again"
    faults.state(FaultName.REFERENCES_REPLACED, detail, present=moved_aside is not None)


def rate_not_held(point: OperatingPoint, walk_up: OperatingPoint | None) -> str:
    """Return for which group of people the rate that the door states does not hold; or nothing."""
    if point.not_held or walk_up is None or not walk_up.not_held:
        return point.not_held
    return f"for claims that name nobody: {walk_up.not_held}"
