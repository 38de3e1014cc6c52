"""What was chosen and weakens the door: stated as a fault for as long as it stands."""

from __future__ import annotations

from pathlib import Path

from edgeverify.daemon.door.situation import Situation
from edgeverify.daemon.faults import FaultBoard
from edgeverify.domain import Degradation, FaultName


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
    faults.replace("pad_", notices)
    faults.state(
        FaultName.LIVENESS_UNAVAILABLE,
        "no PAD bundle works: every claim is denied",
        present=not situation.plan.can_run,
    )
    detail = f"the references were damaged, are kept as {moved_aside} and made again"
    faults.state(FaultName.REFERENCES_REPLACED, detail, present=moved_aside is not None)
