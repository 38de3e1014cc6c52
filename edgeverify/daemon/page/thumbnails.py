"""Small pictures of people's own photos, for a manager's list: made when asked for, few kept.

The page's process decodes no picture. Here it is done one after another, and not while somebody is
being verified.
"""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from edgeverify.enrolment.photo import Photo, load_photo
from edgeverify.errors import ImageError
from edgeverify.settings import Settings
from edgeverify.status_socket import Json

SIDE = 96
"""Pixels: shown at half of it on a fine screen."""
QUALITY = 80
MOST = 256
"""About 1 MiB in all."""


@dataclass(slots=True, eq=False, kw_only=True)
class Thumbnails:
    """`settings` and `folder` (the config's) are those in force."""

    settings: Callable[[], Settings]
    folder: Callable[[], Path]
    is_busy: Callable[[], bool]
    _kept: OrderedDict[tuple[str, int, int], str] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, card: str) -> dict[str, Json]:
        """Return the first photo of a person as a JPEG in base64; else why there is none."""
        settings = self.settings()
        name = next((one.photos[0] for one in settings.staff if one.card == card), None)
        if name is None:
            return {"jpeg": "", "why": "Nobody here has this card."}
        try:
            found = (self.folder() / name).stat()
        except OSError as error:
            return {"jpeg": "", "why": f"{name}: {error.strerror}."}
        key = (name, found.st_mtime_ns, found.st_size)
        with self._lock:
            kept = self._kept.get(key)
            if kept is None and self.is_busy():
                return {"jpeg": "", "why": "Somebody is being verified."}
            if kept is None:
                try:
                    kept = _small(load_photo(self.folder(), name, settings.enrolment))
                except ImageError as error:
                    return {"jpeg": "", "why": f"{error.problem}."}
                self._kept[key] = kept
                while len(self._kept) > MOST:
                    self._kept.popitem(last=False)
        return {"jpeg": kept, "why": ""}


def _small(photo: Photo) -> str:
    """Return a square JPEG in base64: of a portrait the upper end, where the face is."""
    height, width = photo.rgb.shape[:2]
    side = min(height, width)
    left = (width - side) // 2
    square = photo.rgb[:side, left : left + side]
    small = cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    _, coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return base64.b64encode(coded.tobytes()).decode()
