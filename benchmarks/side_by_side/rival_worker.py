"""face_recognition (dlib) in an environment of its own, asked frame by frame by side_by_side.py.

Reads a line for each request from standard input and answers with a line of JSON:
`time FILE.npy` gives milliseconds to detect, to encode and of CPU; `encode FILE.npy` the 128
values of the face nearest to the picture's centre, or null. Needs face_recognition and numpy.
"""

from __future__ import annotations

import json
import math
import sys
import time
from typing import Any

import face_recognition  # type: ignore[import-not-found, unused-ignore]
import numpy as np


def timed(rgb: Any) -> list[float]:
    """Milliseconds of face_locations (HOG, upsampled once) and face_encodings; of CPU; faces."""
    began, worked = time.perf_counter(), time.process_time()
    boxes = face_recognition.face_locations(rgb)
    found = time.perf_counter()
    face_recognition.face_encodings(rgb, boxes)
    ended = time.perf_counter()
    worked = time.process_time() - worked
    return [(found - began) * 1000, (ended - found) * 1000, worked * 1000, float(len(boxes))]


def encoded(rgb: Any) -> list[float] | None:
    """Encode the central face."""
    boxes = face_recognition.face_locations(rgb)
    if not boxes:
        return None
    middle = rgb.shape[1] / 2, rgb.shape[0] / 2
    box = min(boxes, key=lambda b: math.dist(middle, ((b[1] + b[3]) / 2, (b[0] + b[2]) / 2)))
    return [float(value) for value in face_recognition.face_encodings(rgb, [box])[0]]


def main() -> None:
    """Answer until standard input ends."""
    kept: dict[str, Any] = {}
    for line in sys.stdin:
        what, _, name = line.strip().partition(" ")
        if what == "time":
            if name not in kept:
                kept[name] = np.load(name)
            answer: object = timed(kept[name])
        else:
            answer = encoded(np.load(name))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
