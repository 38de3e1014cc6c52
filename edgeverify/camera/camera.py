"""What every camera does, whatever stands behind it.

And what a camera says of itself: its state, since when, and in words why.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from edgeverify.domain import FaultName

if TYPE_CHECKING:
    from edgeverify.domain import Frame


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


class Camera(Protocol):
    """A one-deep slot that always holds the newest frame.

    None of these calls raises for anything that a camera, a cable or a network can do: they give
    no frame, and `health` says why.
    """

    def latest(self, after_sequence: int, timeout_seconds: float) -> Frame | None:
        """Return the newest frame whose sequence is above `after_sequence`, else None.

        Waits at most `timeout_seconds` for it. Sequences start at 1, so 0 asks for any frame.
        """

    def health(self) -> CameraHealth:
        """Return how the camera is, now."""

    def now(self) -> float:
        """Return seconds on the clock that stamps the frames: monotonic, or the video's own."""

    def close(self) -> None:
        """Let go of device, process, thread and memory. May be called twice."""
