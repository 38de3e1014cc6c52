"""A picture for whoever aims the camera: made when asked for, small, never kept, never of a claim.

While somebody is being verified there is none: what the door saw of them, and how near they came,
is for nobody to watch.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cv2

from edgeverify.daemon.camera_in_use import CameraInUse
from edgeverify.settings import Settings
from edgeverify.status_socket import Json
from edgeverify.verifier.placement import Look, Placement, rows
from edgeverify.vision.opening import FaceFinder

WIDTH = 640
SMALL_QUALITY, WHOLE_QUALITY = 70, 95
"""Of JPEG, 0 to 100: to be looked at, and to be enrolled."""
IDLE_SECONDS = 30.0
"""Networks that nobody asks for any more are closed, which frees 45 MiB."""
FRAME_SECONDS = 0.5


@dataclass(slots=True, eq=False, kw_only=True)
class Viewfinder:
    """Looks with networks of its own, so that the door's are the door's alone."""

    camera: CameraInUse
    settings: Callable[[], Settings]
    open_finder: Callable[[Settings], FaceFinder]
    is_busy: Callable[[], bool]
    _finder: FaceFinder | None = None
    _asked_at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, now: float, *, is_whole: bool = False) -> dict[str, Json]:
        """Return one look with its picture, whole where it is to be enrolled and usable."""
        if self.is_busy():
            return {"is_there": False, "why": "Somebody is being verified. The picture comes back."}
        frame = self.camera.latest(0, FRAME_SECONDS)
        health = self.camera.health()
        if frame is None:
            why = f"No picture: camera {health.state.value}. {health.detail}"
            return {"is_there": False, "why": why}
        settings = self.settings()
        with self._lock:
            self._asked_at = now
            if self._finder is None:
                self._finder = self.open_finder(settings)
            look = Placement(self._finder, settings).look(frame, health)
        told = _record(look, settings)
        if is_whole:
            return told | {"jpeg": _jpeg(look, None, WHOLE_QUALITY) if look.is_usable else ""}
        return told | {"jpeg": _jpeg(look, WIDTH, SMALL_QUALITY)}

    def rest(self, now: float) -> None:
        """Close the networks once nobody has asked for a while."""
        if self._finder is not None and now - self._asked_at > IDLE_SECONDS:
            self.close()

    def close(self) -> None:
        """Close the networks; the next look opens them again."""
        with self._lock:
            finder, self._finder = self._finder, None
        if finder is not None:
            finder.close()


def _record(look: Look, settings: Settings) -> dict[str, Json]:
    frame = look.frame
    box: list[Json] = []
    if look.face is not None:
        face = look.face.box
        box = [
            round(face.left / frame.width, 4),
            round(face.top / frame.height, 4),
            round((face.right - face.left) / frame.width, 4),
            round((face.bottom - face.top) / frame.height, 4),
        ]
    measured: list[Json] = [
        {"name": row.name, "measured": row.measured, "asked": row.asked, "is_good": row.is_good}
        for row in rows(look, settings.quality)
    ]
    return {
        "is_there": True,
        "is_usable": look.is_usable,
        "advice": str(look.advice),
        "rows": measured,
        "box": box,
        "width": frame.width,
        "height": frame.height,
        "frames_per_second": look.health.frames_per_second,
    }


def _jpeg(look: Look, width: int | None, quality: int) -> str:
    rgb: Any = look.frame.rgb
    if width is not None and look.frame.width > width:
        height = round(look.frame.height * width / look.frame.width)
        rgb = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
    picture = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return base64.b64encode(encoded.tobytes()).decode()
