"""Blinks, read against the person's own open eyes and how much these vary by themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median

BASELINE_SECONDS = 3.0
"""Open eyes are the median over so long; long enough to bridge a blink."""
MIN_BASELINE_FRAMES = 5
"""Fewer say too little about how much the eyes vary."""
DEVIATIONS = 4.5
"""Eyes are shut where they fall by this many standard deviations of open ones. Measured: prints
in the hand vary by 0.03 (median) to 0.06, so their movements stay below."""
MIN_DEVIATION = 0.02
"""Of the open eyes: the mesh's own noise, which a few frames may hide."""
MAX_CLOSING_RATIO = 0.88
"""The smallest fall that is a blink, however quiet the eyes are. Measured: people talk and look
about at 0.93 and more; the blinks of people with glasses or narrow eyes reach 0.74 to 0.83."""
MIN_FALL = 0.08
FALL_SECONDS = 0.3
"""Eyes shut fast: by MIN_FALL within FALL_SECONDS. What sinks slower is a gaze that lowers."""
MAX_SHUT_SECONDS = 1.0
"""Eyes shut for longer are asleep, or not eyes."""
MAX_SPEED = 0.5
"""Face heights a second. What looks like a blink of a face that moves faster is blur. Measured: the
labelled blinks of GRID at most 0.2, blur of prints taken for a blink from 0.6 on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEye:
    """One frame with open eyes: capture time (seconds) and eye aspect ratio."""

    at: float
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BlinkDetector:
    """State after the frames seen so far.

    `closing_ratio` is the share of the person's open eyes below which they count as shut however
    much they vary. `shut_since` is the capture time at which they closed, None while open, and
    `is_jerky` whether the face moved too fast since. `blinked_at` is when the newest finished blink
    began, `is_new` whether the newest frame finished it.
    """

    closing_ratio: float
    open_eyes: tuple[OpenEye, ...] = ()
    shut_since: float | None = None
    is_jerky: bool = False
    blinked_at: float | None = None
    is_new: bool = False

    @property
    def open_ratio(self) -> float | None:
        """This person's own open eyes, or None before MIN_BASELINE_FRAMES."""
        if len(self.open_eyes) < MIN_BASELINE_FRAMES:
            return None
        return median(eye.ratio for eye in self.open_eyes)

    @property
    def deviation(self) -> float | None:
        """How much the open eyes vary by themselves, as a share of them; None as `open_ratio`.

        A standard deviation, estimated from the median absolute one: few odd frames do not count.
        """
        usual = self.open_ratio
        if usual is None or usual <= 0.0:
            return None
        spread = median(abs(eye.ratio - usual) for eye in self.open_eyes)
        return max(MIN_DEVIATION, 1.4826 * spread / usual)

    @property
    def shut_below(self) -> float:
        """The share of the open eyes below which they are shut."""
        deviation = self.deviation
        own = 0.0 if deviation is None else 1.0 - DEVIATIONS * deviation
        return max(self.closing_ratio, min(MAX_CLOSING_RATIO, own))

    @property
    def is_readable(self) -> bool:
        """True where a blink would stand out: not for eyes that vary as much as a blink does."""
        deviation = self.deviation
        return deviation is not None and 1.0 - DEVIATIONS * deviation >= self.closing_ratio

    def observe(self, at: float, ratio: float, *, speed: float = 0.0) -> BlinkDetector:
        """Take in one frame of a face that looks ahead.

        `at` is its capture time, `ratio` the eye aspect ratio, `speed` how fast the face moved up
        to it, in its own heights per second.
        """
        usual = self.open_ratio
        is_fast = speed > MAX_SPEED
        if usual is None or usual <= 0.0:
            return self._open(at, ratio)
        relative = ratio / usual
        if self.shut_since is None:
            if relative < self.shut_below and self._fell(at, relative, usual):
                return replace(self, shut_since=at, is_jerky=is_fast, is_new=False)
            return self._open(at, ratio)
        if at - self.shut_since > MAX_SHUT_SECONDS:
            # Whatever it was, it is how these eyes look now: begin again.
            return BlinkDetector(closing_ratio=self.closing_ratio, blinked_at=self.blinked_at)
        is_jerky = self.is_jerky or is_fast
        if relative < self.shut_below:
            return replace(self, is_jerky=is_jerky, is_new=False)
        opened = replace(self._open(at, ratio), shut_since=None, is_jerky=False)
        return opened if is_jerky else replace(opened, blinked_at=self.shut_since, is_new=True)

    def _fell(self, at: float, relative: float, usual: float) -> bool:
        recent = [eye.ratio / usual for eye in self.open_eyes if at - eye.at <= FALL_SECONDS]
        return bool(recent) and max(recent) - relative >= MIN_FALL

    def _open(self, at: float, ratio: float) -> BlinkDetector:
        kept = tuple(eye for eye in self.open_eyes if at - eye.at <= BASELINE_SECONDS)
        return replace(self, open_eyes=(*kept, OpenEye(at=at, ratio=ratio)), is_new=False)
