"""face_recognition in an environment of its own, asked over pipes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np

from edgeverify.domain import RgbImage


class Rival:
    """face_recognition in its own process."""

    def __init__(self, python: Path, folder: Path) -> None:
        worker = Path(__file__).with_name("rival_worker.py")
        self._process = subprocess.Popen(
            [str(python), "-W", "ignore", str(worker)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._folder = folder
        self._names: dict[int, Path] = {}
        self._kept: list[RgbImage] = []

    def ask(self, what: str, rgb: RgbImage) -> list[float] | None:
        """Ask about a frame, which is kept for the next time when it is timed."""
        path = self._names.get(id(rgb))
        if path is None:
            path = self._folder / f"{len(self._names) if what == 'time' else 'once'}.npy"
            np.save(path, rgb)
            if what == "time":
                self._names[id(rgb)] = path
                self._kept.append(rgb)
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the rival has no pipes")
        stdin.write(f"{what} {path}\n")
        stdin.flush()
        answer: list[float] | None = json.loads(stdout.readline())
        return answer

    def lap(self, rgb: RgbImage) -> tuple[float, float] | None:
        """Time one frame."""
        answer = self.ask("time", rgb)
        return None if answer is None else (answer[0] + answer[1], answer[2])

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
