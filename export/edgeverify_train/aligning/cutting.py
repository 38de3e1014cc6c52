"""One photo to one chip, in a process of its own: the door's finder, the door's aligner."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from edgeverify.atomic_file import read_plain, write_whole
from edgeverify.bundle.vision_bundle import NAME as VISION
from edgeverify.domain import Gate, Refusal
from edgeverify.enrolment.photo import decode_photo
from edgeverify.errors import EdgeverifyError
from edgeverify.feeding.alignment import Resize, align_mesh
from edgeverify.feeding.template_kinds import Template
from edgeverify.folder_listing import NOT_FOLLOWED
from edgeverify.models.folders import models_directory
from edgeverify.settings import VisionSettings
from edgeverify.verifier.pipeline import open_face_finder
from edgeverify.vision.dominance import FaceSelection, select
from edgeverify.vision.opening import FaceFinder
from edgeverify_train.aligning.ledger import Photo, Row

__all__ = ["VISION", "Cut", "Cutter"]

MAX_MEGAPIXELS = 100.0
MOST_BYTES = 256 * 2**20
"""Of a photo's file."""
RATIO = VisionSettings().dominance_ratio
SEVERAL_FACES = "several faces of like size are in it"
_WORDS = {
    Gate.NO_FACE: "no face is in it",
    Gate.MULTIPLE_FACES: f"{SEVERAL_FACES}; --face largest or central takes one of them",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How every chip is cut, and which of several faces is taken."""

    output: Path
    template: Template
    size: int
    resize: Resize
    face: FaceSelection

    def takes_what_failed(self, row: Row) -> bool:
        """Return whether a photo that gave no chip is cut now that one of its faces is named."""
        return row.problem.startswith(SEVERAL_FACES) and self.face in {
            FaceSelection.CENTRAL,
            FaceSelection.LARGEST,
        }


class Cutter:
    """A finder of its own, and what it is to do; used by one thread at a time."""

    def __init__(self, cut: Cut) -> None:
        self._cut = cut
        self._finder: FaceFinder = open_face_finder(models_directory(os.environ), VisionSettings())

    def close(self) -> None:
        """Free the networks."""
        self._finder.close()

    def cut(self, photo: Photo) -> Row:
        """Write the photo's chip, whole or not at all, and return what became of it."""
        try:
            found, content = photo.path.stat(), read_plain(photo.path, MOST_BYTES)
        except IsADirectoryError:
            return Row(photo=photo.place, bytes=0, changed=0, problem=NOT_FOLLOWED)
        except OSError as error:  # it is looked at again the next time: as 0 bytes it has changed
            said = f"cannot be read: {error.strerror}"
            return Row(photo=photo.place, bytes=0, changed=0, problem=said)
        row = {"photo": photo.place, "bytes": found.st_size, "changed": found.st_mtime_ns}
        try:
            eyes = self._write(photo, content)
        except EdgeverifyError as error:
            problem = error.problem.removeprefix(f"{photo.path}: ")
            return Row(**row, problem=problem)  # type: ignore[arg-type]
        if isinstance(eyes, str):
            return Row(**row, problem=eyes)  # type: ignore[arg-type]
        return Row(**row, chip=photo.chip, eye_distance=eyes)  # type: ignore[arg-type]

    def _write(self, photo: Photo, content: bytes) -> float | str:
        """Return the pixels between the eyes, or why there is no chip."""
        rgb = decode_photo(str(photo.path), content, max_megapixels=MAX_MEGAPIXELS).rgb
        boxes = self._finder.detector.detect(rgb)
        height, width = rgb.shape[:2]
        box = select(boxes, self._cut.face, ratio=RATIO, width=width, height=height)
        if isinstance(box, Refusal):
            return _WORDS.get(box.gate, box.hint) if box.gate else box.hint
        face = self._finder.mesher.mesh(rgb, box)
        if face is None:
            return "a face is in it, but not one that can be measured: turned away or covered"
        cut = self._cut
        try:
            chip = align_mesh(rgb, face.mesh, cut.template, cut.size, cut.resize).rgb
        except ValueError as error:
            return str(error)
        buffer = io.BytesIO()
        Image.fromarray(chip).save(buffer, format="PNG", compress_level=1)
        target = cut.output / photo.chip
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, buffer.getvalue(), is_durable=False)
        return box.eye_distance
