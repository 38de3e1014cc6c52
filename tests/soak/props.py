"""What every long test of the whole daemon plays with: a model, ID photos, films of real faces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgeverify.demo.film import FRAMES, frames, hire
from edgeverify.models.build import fetch_bundle
from edgeverify.models.catalogue import load_catalogue
from edgeverify.models.locate import locate
from edgeverify.progress import silent
from tests.faces import face_finder

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "sources"
EVERY = 5
"""Each fifth frame of the demo's film is kept: 18 frames of a walk there and back."""
OWNER, OTHER, EMPTY = "owner", "other", "empty"


@dataclass(frozen=True)
class Props:
    """The folder `models`, the folder `films` (NAME.npy), and two ID photos (JPEG)."""

    models: Path
    films: Path
    owner_id_photo: bytes
    other_id_photo: bytes


def make_props(folder: Path) -> Props:
    """Fetch the archive's photos and weights (pinned, cached) and draw the films, once."""
    (file,) = load_catalogue().entry("dlib-resnet").files
    weights = folder / "dlib_face_recognition_resnet_model_v1.dat"
    weights.write_bytes(locate(file, source=None, cache=CACHE, progress=silent))
    fetch_bundle("dlib-resnet", folder / "models", source=weights)
    finder = face_finder()
    cast = hire(CACHE, finder.detector, silent)
    finder.close()
    films = folder / "films"
    films.mkdir()
    for name, actors in ((OWNER, (cast.owner,)), (OTHER, (cast.other,)), (EMPTY, ())):
        drawn = enumerate(frames(actors, np.random.default_rng(1)))
        kept = [frame for index, frame in drawn if index % EVERY == 0 and index < FRAMES]
        # The demo's room is evenly lit; a camera that saw only that would be called covered.
        film = np.stack([_furnished(frame) for frame in kept])
        np.save(films / f"{name}.npy", film)
    return Props(folder / "models", films, cast.owner_id_photo, cast.other_id_photo)


def _furnished(
    frame: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Put a dark cupboard at each side of the room."""
    drawn = frame.copy()
    cv2.rectangle(drawn, (40, 200), (200, 719), (60, 50, 45), -1)
    cv2.rectangle(drawn, (1080, 150), (1240, 719), (70, 60, 50), -1)
    return drawn
