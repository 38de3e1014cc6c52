"""The one-deep slot between capture and vision: whoever is slow misses frames, never waits."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from edgeverify.camera.messages import Captured
from edgeverify.camera.picture import Rows
from edgeverify.camera.ring import Ring
from edgeverify.camera.upright import upright
from edgeverify.domain import Frame, RgbImage

RATE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class _Newest:
    ring: Ring
    captured: Captured
    sequence: int
    turn: int


class LatestFrame:
    """Holds where the newest frame lies; its pixels are copied only when somebody takes it.

    With `mirror`, left and right are exchanged. All methods may be called from any thread.
    """

    def __init__(self, *, mirror: bool = False) -> None:
        self._mirror = mirror
        self._changed = threading.Condition()
        self._newest: _Newest | None = None
        self._seen_at: float | None = None
        self._sequence = 0
        self._is_closed = False
        self._times: deque[float] = deque(maxlen=256)

    def put(self, ring: Ring, captured: Captured, turn: int = 0) -> None:
        """Replace the newest frame, which has yet to be turned clockwise by `turn` degrees."""
        with self._changed:
            self._sequence += 1
            self._newest = _Newest(ring, captured, self._sequence, turn)
            self._seen_at = captured.captured_at
            self._times.append(captured.captured_at)
            self._changed.notify_all()

    def repeat(self, captured: Captured) -> None:
        """Note that the camera lives, but showed again what it has shown: that proves nothing."""
        with self._changed:
            self._seen_at = captured.captured_at
            self._times.append(captured.captured_at)

    def clear(self) -> None:
        """Forget the newest frame and its memory: the camera that made it is gone."""
        with self._changed:
            self._newest = None
            self._seen_at = None
            self._times.clear()

    def close(self) -> None:
        """Wake everybody who waits; there will be no more frames."""
        with self._changed:
            self._newest = None
            self._is_closed = True
            self._changed.notify_all()

    def take(self, after_sequence: int, timeout_seconds: float, not_before: float) -> Frame | None:
        """Wait for a frame above `after_sequence` and not captured before `not_before`."""

        def is_there() -> bool:
            return self._is_closed or self._is_wanted(after_sequence, not_before)

        with self._changed:
            self._changed.wait_for(is_there, timeout_seconds)
            newest = self._newest
            if newest is None or not self._is_wanted(after_sequence, not_before):
                return None
        rgb = _copy(newest, mirror=self._mirror)
        if rgb is None:  # overwritten while we looked: there is a newer one by now
            return self.take(newest.sequence, timeout_seconds, not_before)
        captured = newest.captured
        return Frame(
            rgb=rgb,
            sequence=newest.sequence,
            captured_at=captured.captured_at,
            is_monochrome=captured.picture.is_monochrome,
        )

    def newest_at(self) -> float | None:
        """Return when the camera last gave a frame, a repeated one too; None before the first."""
        with self._changed:
            return self._seen_at

    def rate(self, now: float) -> float:
        """Return the frames per second over the last two seconds."""
        with self._changed:
            recent = [at for at in self._times if at > now - RATE_SECONDS]
        if len(recent) < 2:
            return 0.0
        return (len(recent) - 1) / max(recent[-1] - recent[0], 1e-3)

    def _is_wanted(self, after_sequence: int, not_before: float) -> bool:
        newest = self._newest
        return (
            newest is not None
            and newest.sequence > after_sequence
            and newest.captured.captured_at >= not_before
        )


def _copy(newest: _Newest, *, mirror: bool) -> RgbImage | None:
    """Copy the pixels out of the ring; None where they were overwritten meanwhile."""
    ring, slot, number = newest.ring, newest.captured.slot, newest.captured.number
    if ring.stamp(slot) != number:
        return None
    rows = Rows(ring.pixels(slot), ring.width, ring.height)
    rgb = upright(rows, newest.turn, mirror=mirror)
    return rgb if ring.stamp(slot) == number else None
