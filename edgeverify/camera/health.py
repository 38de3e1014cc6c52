"""What a camera says of itself: its state, since when, and in words why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edgeverify.domain import FaultName


class CameraState(str, Enum):
    """One word for what is wrong. Only `OK` and `CAMERA_MOVED` may carry a grant."""

    OK = "ok"
    STARTING = "starting"
    STALLED = "stalled"
    FROZEN = "frozen"
    BLACK = "black"
    COVERED = "covered"
    OVEREXPOSED = "overexposed"
    TORN = "torn"
    OFFLINE = "offline"
    ENDED = "ended"
    CAMERA_MOVED = "camera_moved"


USABLE = frozenset({CameraState.OK, CameraState.CAMERA_MOVED})


def camera_fault(state: CameraState) -> FaultName:
    """Return the name that a door is degraded by in a state. Raises ValueError for `OK`."""
    return FaultName(f"camera_{state.value.removeprefix('camera_')}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraHealth:
    """A camera's state at one moment.

    `since` is on the camera's own clock (`Camera.now`), seconds. `frames_per_second` is the rate
    over the last seconds, `frame_age_seconds` the age of the newest frame (None before the first).
    `detail` is one line for people and names no password. `unconfined` says in words what the
    process that decodes the stream could not give up, "" where it can reach nothing but its camera.
    `is_monochrome` says that its pictures have no colour, as of a grey or infrared camera.
    """

    state: CameraState
    since: float
    detail: str = ""
    frames_per_second: float = 0.0
    frame_age_seconds: float | None = None
    unconfined: str = ""
    is_monochrome: bool = False

    @property
    def is_usable(self) -> bool:
        """Whether a decision may rest on this camera's frames now."""
        return self.state in USABLE
