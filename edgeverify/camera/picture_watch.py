"""Turns pictures, one after another, into a state that does not flicker. Pure: time is given.

And whether a camera shows colour, without changing its mind at every grey jacket.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeverify.camera.camera import CameraState
from edgeverify.camera.picture import Picture

if TYPE_CHECKING:
    from edgeverify.settings import CameraSettings

SETTLED_SECONDS = 2.0


class MonochromeWatch:
    """Follows a camera that turns grey at dusk once it has been so for two seconds, and back."""

    def __init__(self) -> None:
        self.is_monochrome = False
        self._differs_since: float | None = None
        self._has_begun = False

    def look(self, at: float, *, is_monochrome: bool) -> None:
        """Take in a picture, captured `at` seconds; the first decides at once."""
        if not self._has_begun:
            self._has_begun, self.is_monochrome = True, is_monochrome
        if is_monochrome is self.is_monochrome:
            self._differs_since = None
            return
        if self._differs_since is None:
            self._differs_since = at
        if at - self._differs_since >= SETTLED_SECONDS:
            self.is_monochrome, self._differs_since = is_monochrome, None


ENTER_SECONDS = 0.5
"""A fault is named once it has held for this long, since the last good picture at the latest: one
picture is enough below 2 per second."""
LEAVE_SECONDS = 0.7
"""and forgotten once nothing has been wrong for this long."""
TEAR_SECONDS = 1.0
TEAR_SHARE = 0.4
"""A camera is torn when so large a share of the last second's pictures is."""
RELIEF = 1.25
"""A level is left only this factor beyond where it was entered."""
REMEMBERED_PICTURES = 32768
"""Checksums kept to notice a picture that was shown before: 36 minutes at 15 per second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The state of the pictures, the moment it began, and what was measured."""

    state: CameraState
    since: float
    detail: str = ""


class PictureWatch:
    """Black, covered, overexposed, torn, and frozen or looped pictures, with hysteresis.

    A fault is entered after half a second and left after 0.7 s without any. A picture counts as
    new only when its checksum was not seen before, so that a recording played in a loop is as
    frozen as a still; `is_repeat` says whether the last one was not (never of a file).
    """

    def __init__(self, settings: CameraSettings, *, is_file: bool) -> None:
        self._settings = settings
        self._is_file = is_file
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._tears: deque[tuple[float, bool]] = deque()
        self._last_new: float | None = None
        self._suspect: tuple[CameraState, float] | None = None
        self._clear_since: float | None = None
        self._last_at: float | None = None
        self.is_repeat = False
        self.verdict = Verdict(state=CameraState.STARTING, since=0.0)

    def look(self, picture: Picture, at: float) -> Verdict:
        """Take in the next picture, captured `at` seconds; times must not fall."""
        wrong, detail = self._fault(picture, at)
        if self.verdict.state is CameraState.STARTING:
            self.verdict = Verdict(state=wrong, since=at, detail=detail)
        elif wrong is CameraState.OK:
            self._all_clear(at)
        else:
            self._complain(wrong, detail, at)
        self._last_at = at
        return self.verdict

    def forget(self) -> None:
        """Begin again after the camera was opened again; what was shown before stays known."""
        self._tears.clear()
        self._suspect = None
        self._clear_since = None
        self._last_at = None
        self.verdict = Verdict(state=CameraState.STARTING, since=0.0)

    def _fault(self, picture: Picture, at: float) -> tuple[CameraState, str]:
        settings, state = self._settings, self.verdict.state
        still_seconds = self._still_for(picture, at)
        mean, deviation = picture.mean, picture.deviation
        black = settings.black_below * (RELIEF if state is CameraState.BLACK else 1)
        covered = settings.covered_below * (RELIEF if state is CameraState.COVERED else 1)
        over = 255 - (255 - settings.overexposed_above) * (
            RELIEF if state is CameraState.OVEREXPOSED else 1
        )
        if mean < black:
            return CameraState.BLACK, f"mean grey value {mean:.0f} of 255"
        if mean > over:
            return CameraState.OVEREXPOSED, f"mean grey value {mean:.0f} of 255"
        if deviation < covered:
            return CameraState.COVERED, f"hardly any structure: deviation {deviation:.1f}"
        if self._tears_often(picture, at):
            return CameraState.TORN, "pictures arrive in pieces"
        if still_seconds >= settings.frozen_seconds and not self._is_file:
            return CameraState.FROZEN, f"no new picture for {settings.frozen_seconds:g} s"
        return CameraState.OK, ""

    def _tears_often(self, picture: Picture, at: float) -> bool:
        """Return whether too many pictures of the last second were torn for an accident."""
        self._tears.append((at, picture.is_torn))
        while self._tears[0][0] < at - TEAR_SECONDS:
            self._tears.popleft()
        return sum(torn for _at, torn in self._tears) >= TEAR_SHARE * len(self._tears)

    def _still_for(self, picture: Picture, at: float) -> float:
        """Return the seconds since a picture came that had not been shown before."""
        is_known = picture.checksum in self._seen
        self.is_repeat = is_known and not self._is_file
        if is_known:
            self._seen.move_to_end(picture.checksum)
        else:
            self._seen[picture.checksum] = None
            self._last_new = at
            if len(self._seen) > REMEMBERED_PICTURES:
                self._seen.popitem(last=False)
        return 0.0 if self._last_new is None else at - self._last_new

    def _complain(self, wrong: CameraState, detail: str, at: float) -> None:
        self._clear_since = None
        if self.verdict.state is wrong:
            self._suspect = None
            return
        if self._suspect is None or self._suspect[0] is not wrong:
            since = self._suspect[1] if self._suspect else self._earliest(at)
            self._suspect = (wrong, since)
        # Frozen has already waited; the rest must hold for a moment.
        if wrong is CameraState.FROZEN or at - self._suspect[1] >= ENTER_SECONDS:
            self.verdict = Verdict(state=wrong, since=self._suspect[1], detail=detail)
            self._suspect = None

    def _earliest(self, at: float) -> float:
        """Return when a fault first seen at `at` may have begun: a slow camera shows little."""
        is_slow = self._last_at is not None and at - self._last_at >= ENTER_SECONDS
        return self._last_at if is_slow and self._last_at is not None else at

    def _all_clear(self, at: float) -> None:
        if self.verdict.state is CameraState.OK:
            self._suspect = None
            return
        if self._clear_since is None:
            self._clear_since = at
        if at - self._clear_since >= LEAVE_SECONDS:
            self.verdict = Verdict(state=CameraState.OK, since=at)
            self._suspect = None
