"""MediaPipe itself, asked over pipes; it lives in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeverify.domain import FaceBox, Points, RgbImage
from edgeverify.vision.region import Region, region_of_mesh

CHECKOUT = Path(__file__).resolve().parents[2]
MARGIN = 1.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoundFace:
    """One face as MediaPipe finds it: its box, and its mesh (468, 3) after one run and two."""

    box: FaceBox
    first: Points | None
    second: Points | None


def python_of_mediapipe() -> Path | None:
    """Find the interpreter of `make mediapipe`, or what `EDGEVERIFY_MEDIAPIPE` names; else None."""
    named = os.environ.get("EDGEVERIFY_MEDIAPIPE")
    path = Path(named) if named else CHECKOUT / ".venv-mediapipe/bin/python"
    return path if path.exists() else None


class Yardstick:
    """MediaPipe in its own process."""

    def __init__(self, python: Path, min_confidence: float) -> None:
        worker = Path(__file__).with_name("worker.py")
        self._process = subprocess.Popen(
            [str(python), "-W", "ignore", str(worker), str(min_confidence)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def look(self, rgb: RgbImage) -> list[FoundFace]:
        """Find all faces of a picture, each with its mesh after one run and after two."""
        asked = {"do": "look", "shape": list(rgb.shape[:2])}
        found = self._ask(asked, np.ascontiguousarray(rgb).tobytes())
        return [self._face(each, rgb) for each in found]

    def constants(self) -> dict[str, list[str]]:
        """Return the options of every calculator in MediaPipe's graphs, as text."""
        found: dict[str, list[str]] = self._ask({"do": "constants"})
        return found

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _face(self, found: dict[str, Any], rgb: RgbImage) -> FoundFace:
        left, top, right, bottom = found["box"]
        right_eye, left_eye = found["points"][:2]
        first = _points(found["mesh"])
        second = None if first is None else self._mesh(region_of_mesh(first, MARGIN), rgb)
        return FoundFace(
            box=FaceBox(
                left=left,
                top=top,
                right=right,
                bottom=bottom,
                confidence=min(1.0, found["score"]),
                right_eye=tuple(right_eye),
                left_eye=tuple(left_eye),
            ),
            first=first,
            second=second,
        )

    def _mesh(self, region: Region, rgb: RgbImage) -> Points | None:
        height, width = rgb.shape[:2]
        square = [
            region.x / width,
            region.y / height,
            region.side / width,
            region.side / height,
            region.rotation,
        ]
        return _points(self._ask({"do": "mesh", "square": square}))

    def _ask(self, asked: dict[str, Any], picture: bytes = b"") -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("MediaPipe's process has no pipes")
        stdin.write(json.dumps(asked).encode() + b"\n" + picture)
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise RuntimeError(f"MediaPipe's process ended with {self._process.wait()}")
        return json.loads(line)


def _points(listed: list[list[float]] | None) -> Points | None:
    return None if listed is None else np.array(listed, np.float32)
