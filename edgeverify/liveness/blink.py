"""Blinks, read against the person's own open eyes rather than a number for everybody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median

BASELINE_SECONDS = 3.0
"""Open eyes are the median over so long; long enough to bridge a blink."""
MIN_BASELINE_FRAMES = 3
REOPEN_RATIO = 0.8
"""Open again from here: a little above the closing ratio, so that noise makes no second blink.
Measured on the GRID clips: between two quick blinks the eyes came back to 0.84 only."""
MAX_SHUT_SECONDS = 1.0
"""Eyes shut for longer are asleep, or not eyes."""


@dataclass(frozen=True, slots=True)
class OpenEye:
    """One frame with open eyes: capture time (seconds) and eye aspect ratio."""

    at: float
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BlinkDetector:
    """State after the frames seen so far.

    `closing_ratio` is the share of the person's open eyes below which they count as shut.
    `shut_since` is the capture time at which they closed, None while open. `blinked_at` is when
    the newest finished blink began, `is_new` whether the newest frame finished it.
    """

    closing_ratio: float
    open_eyes: tuple[OpenEye, ...] = ()
    shut_since: float | None = None
    blinked_at: float | None = None
    is_new: bool = False

    @property
    def open_ratio(self) -> float | None:
        """This person's own open eyes, or None before MIN_BASELINE_FRAMES."""
        if len(self.open_eyes) < MIN_BASELINE_FRAMES:
            return None
        return median(eye.ratio for eye in self.open_eyes)

    def observe(self, at: float, ratio: float) -> BlinkDetector:
        """Take in one frame of a face that looks ahead: capture time and eye aspect ratio."""
        usual = self.open_ratio
        if usual is None or usual <= 0.0:
            return self._open(at, ratio)
        relative = ratio / usual
        if self.shut_since is None:
            if relative < self.closing_ratio:
                return replace(self, shut_since=at, is_new=False)
            return self._open(at, ratio)
        if at - self.shut_since > MAX_SHUT_SECONDS:
            # Whatever it was, it is how these eyes look now: begin again.
            return BlinkDetector(closing_ratio=self.closing_ratio, blinked_at=self.blinked_at)
        if relative < max(REOPEN_RATIO, self.closing_ratio):
            return replace(self, is_new=False)
        opened = self._open(at, ratio)
        return replace(opened, shut_since=None, blinked_at=self.shut_since, is_new=True)

    def _open(self, at: float, ratio: float) -> BlinkDetector:
        kept = tuple(eye for eye in self.open_eyes if at - eye.at <= BASELINE_SECONDS)
        return replace(self, open_eyes=(*kept, OpenEye(at, ratio)), is_new=False)
