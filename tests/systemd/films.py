"""What the chain's camera sees: two people before a webcam, and a print of one of them held up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

NUAA = "nuaa/db"
ADA, BOB, PRINT = "ada", "bob", "print"
SCENES = {
    ADA: "ClientRaw/0007/0007_01_00_02_*.jpg",
    BOB: "ClientRaw/0003/0003_01_00_01_*.jpg",
    PRINT: "ImposterRaw/0007/0007_01_00_01_*.jpg",
}
"""Real people in one session each, and a photo of Ada's on paper."""
PHOTOS = {
    ADA: "ClientRaw/0007/0007_01_00_01_212.jpg",
    BOB: "ClientRaw/0003/0003_01_00_01_146.jpg",
}
"""What they are enrolled from: Ada's was taken on another day, Bob's just before his film."""
BEFORE = 15
"""So many frames of Bob's session are left out, his photo among them."""


@dataclass(frozen=True)
class Footage:
    """The folder of films (NAME.npy), and a photo of each person (JPEG)."""

    films: Path
    ada: bytes
    bob: bytes


def make_footage(testdata: Path, folder: Path) -> Footage:
    """Cut the films from the shared test data."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, pattern in SCENES.items():
        paths = sorted((testdata / NUAA).glob(pattern), key=lambda path: int(path.stem[16:]))
        paths = paths[BEFORE:] if name == BOB else paths
        assert len(paths) >= 15, pattern
        frames = [cv2.imread(str(path))[..., ::-1] for path in paths]
        np.save(folder / f"{name}.npy", np.stack(frames))
    return Footage(folder, *((testdata / NUAA / PHOTOS[name]).read_bytes() for name in (ADA, BOB)))
