"""Whether somebody stands before a door without a reader: detected now and then, else tracked.

Only for frames before a claim: none of these counts, and a claim begins only on a frame that had
its own detection. Somebody who is still too small is followed from frame to frame, and while
nobody is there the detector looks once (its second look, for faces that fill half the picture,
comes with every full detection).
"""

from __future__ import annotations

from typing import Protocol

from edgeverify.domain import Face, FaceBox, Frame

FULL_DETECTION_SECONDS = 0.5
"""At least this often everything is looked for, whoever is followed."""


class Watcher(Protocol):
    """What a pipeline offers for frames that do not count."""

    def look(self, frame: Frame, *, twice: bool) -> tuple[FaceBox, ...]:
        """Find all faces; `twice` also in the picture at half its size."""

    def pick_up(self, frame: Frame, box: FaceBox) -> Face | None:
        """Put the mesh on a detected face, to follow it from there."""

    def follow(self, frame: Frame, previous: Face) -> Face | None:
        """Follow a face into the next frame; None where it was lost."""


class Lookout:
    """Remembers whom it follows and when it last looked for everything."""

    def __init__(self) -> None:
        self._followed: Face | None = None
        self._looked_at = float("-inf")

    def forget(self) -> None:
        """Start again, as after an attempt: whoever comes next is somebody else."""
        self._followed = None
        self._looked_at = float("-inf")

    def sees_somebody(self, frame: Frame, watcher: Watcher, *, eye_distance: float) -> bool:
        """Return whether a face with that many pixels between the eyes is in the frame.

        True only on this frame's own detection.
        """
        is_due = not 0 <= frame.captured_at - self._looked_at < FULL_DETECTION_SECONDS
        if self._followed is not None and not is_due:
            self._followed = watcher.follow(frame, self._followed)
            if self._followed is not None and self._followed.eye_distance_pixels < eye_distance:
                return False
        if is_due:
            self._looked_at = frame.captured_at
        boxes = watcher.look(frame, twice=is_due)
        largest = max(boxes, key=lambda box: box.eye_distance, default=None)
        if largest is None:
            self._followed = None
            return False
        if largest.eye_distance >= eye_distance:
            return True
        self._followed = watcher.pick_up(frame, largest)
        return False
