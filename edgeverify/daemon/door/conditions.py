"""What stands in the way of any grant right now, whoever is at the door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from edgeverify.camera.camera import CameraHealth
from edgeverify.daemon.door.situation import Situation
from edgeverify.daemon.faults import FaultBoard
from edgeverify.domain import FaultName, Reason
from edgeverify.policy import Moment
from edgeverify.thermal import Level
from edgeverify.thermal.governor import can_hold_transaction


class TrustedClock(Protocol):
    """The wall clock under the project's rules of trust."""

    def wall(self) -> datetime:
        """Return aware UTC."""

    def floor(self) -> datetime | None:
        """Return the wall time to write down as newest, None where it is not vouched for."""

    def is_trusted(self) -> bool:
        """Return whether grants may rest on it."""


class Conditions:
    """Camera, heat, clock and journal, asked again at every frame."""

    def __init__(
        self,
        *,
        camera: Callable[[], CameraHealth],
        monotonic: Callable[[], float],
        clock: TrustedClock,
        heat: Callable[[], Level],
        faults: FaultBoard,
        is_locked_down: Callable[[], bool] = lambda: False,
    ) -> None:
        """`monotonic` is the camera's own clock, so that a lockstep file decides in video time."""
        self._camera = camera
        self._monotonic = monotonic
        self._clock = clock
        self._heat = heat
        self._faults = faults
        self.is_locked_down = is_locked_down
        """Whether an operator has locked the door down."""

    def is_monochrome(self) -> bool:
        """Return whether the camera's pictures have no colour now."""
        return self._camera().is_monochrome

    def moment(self) -> Moment:
        """Return this moment on both clocks."""
        return Moment(monotonic=self._monotonic(), wall=self._clock.wall())

    def floor(self) -> datetime | None:
        """See `TrustedClock.floor`."""
        return self._clock.floor()

    def faults(self, situation: Situation, frames_per_second: float | None) -> frozenset[Reason]:
        """Return every reason to deny that has nothing to do with the person.

        `frames_per_second` is what the running transaction sees; None while it is too early.
        """
        level = self._heat()
        too_slow = frames_per_second is not None and not can_hold_transaction(frames_per_second)
        stands = {
            Reason.CAMERA_UNAVAILABLE: not self._camera().is_usable,
            Reason.OVERHEATED: level is Level.SUSPENDED or (level > Level.FULL and too_slow),
            Reason.CLOCK_UNSYNCED: not (
                self._clock.is_trusted() or situation.settings.clock.allow_unsynced
            ),
            Reason.LOCKED_DOWN: self.is_locked_down(),
            Reason.JOURNAL_UNAVAILABLE: FaultName.JOURNAL_UNAVAILABLE in self._faults,
        }
        return frozenset(reason for reason, present in stands.items() if present)
