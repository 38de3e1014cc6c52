"""The readers of a door, at its entry and at its exit, and where each puts its cards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edgeverify.claims import ClaimIntake, ClaimTopic, ExitIntake, RunningSources, Surroundings
from edgeverify.daemon.beside_claims import Exits
from edgeverify.daemon.faults import FaultBoard, ReaderHealth


def make_readers(
    intake: ClaimIntake,
    topic: ClaimTopic,
    exits: Exits,
    *,
    folder: Path,
    faults: FaultBoard,
    counted: Callable[[str], None],
) -> RunningSources:
    """Return the door's sources, none of them started; `folder` is the config's."""
    surroundings = Surroundings(
        intake=intake,
        exit_intake=ExitIntake(exits.went_out, counted),
        topic=topic,
        folder=folder,
        reader_health=ReaderHealth(faults),
    )
    return RunningSources(surroundings)
