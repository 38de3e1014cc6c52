"""What `edgeverify aim` shows of a look: for how long a face was usable, and a picture."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeverify.atomic_file import write_whole

if TYPE_CHECKING:
    from edgeverify.verifier.placement import Look

GREEN, RED = (0, 200, 0), (0, 0, 230)
"""Blue, green, red."""


class UsableSeconds:
    """For how many of the last seconds a face would have been usable."""

    def __init__(self, window_seconds: float) -> None:
        self.window_seconds = window_seconds
        self._spans: deque[tuple[float, float, bool]] = deque()
        self._last: float | None = None

    def add(self, at: float, *, is_usable: bool) -> None:
        """Count the time since the frame before, at most one second, as usable or not."""
        begin = at if self._last is None else max(self._last, at - 1.0)
        self._last = at
        self._spans.append((begin, at, is_usable))

    def seconds(self, now: float) -> float:
        """Return the seconds of the window, which ends now."""
        begin = now - self.window_seconds
        while self._spans and self._spans[0][1] < begin:
            self._spans.popleft()
        return sum(end - max(start, begin) for start, end, good in self._spans if good)


def draw(look: Look) -> Any:
    """Return the frame as a BGR picture with the face's outline and the verdict."""
    import cv2

    picture = cv2.cvtColor(look.frame.rgb, cv2.COLOR_RGB2BGR)
    colour = GREEN if look.is_usable else RED
    scale = look.frame.height / 720
    if look.face is not None:
        for x, y in look.face.mesh[::4, :2]:
            cv2.circle(picture, (round(float(x)), round(float(y))), 1, colour, -1)
        box = look.face.box
        corners = (round(box.left), round(box.top)), (round(box.right), round(box.bottom))
        cv2.rectangle(picture, *corners, colour, max(1, round(2 * scale)))
    place, font = (round(16 * scale), round(40 * scale)), cv2.FONT_HERSHEY_SIMPLEX
    for shade, width in (((0, 0, 0), 5), (colour, 2)):
        cv2.putText(
            picture, look.advice[:60], place, font, scale, shade, max(1, round(width * scale))
        )
    return picture


def save(picture: Any, path: Path) -> None:
    """Write a PNG whole or not at all, readable by its owner only: it shows a face.

    Raises OSError.
    """
    import cv2

    _good, png = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    write_whole(path, png.tobytes(), is_durable=False)
