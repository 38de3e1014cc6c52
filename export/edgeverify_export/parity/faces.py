"""Real faces for parity and calibration: found once, cut as often as a template asks for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from edgeverify.atomic_file import read_plain
from edgeverify.domain import Points, Refusal, RgbImage
from edgeverify.enrolment.decoding import PICTURE_ENDINGS
from edgeverify.enrolment.photo import decode_photo
from edgeverify.errors import EdgeverifyError, ParityError
from edgeverify.feeding.alignment import align_mesh, whole_chip
from edgeverify.feeding.statement import Feeding
from edgeverify.feeding.template_kinds import Template
from edgeverify.folder_listing import files_of_people_told
from edgeverify.models.folders import models_directory
from edgeverify.progress import counted, download_bar
from edgeverify.settings import VisionSettings
from edgeverify.verifier.pipeline import open_face_finder
from edgeverify.vision.contract import FaceDetector, FaceMesher
from edgeverify.vision.dominance import FaceSelection, select

T = TypeVar("T")

_MAX_MEGAPIXELS = 50.0
MOST_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoundFace:
    """A picture and the mesh of the face meant in it, (468, 3) in its pixels.

    None for a picture that is a chip already: it is only brought to the network's side.
    """

    path: Path
    mesh: Points | None

    def chip(self, feeding: Feeding, template: Template) -> RgbImage:
        """Cut the chip, uint8 RGB (size, size, 3), by the project's one aligner."""
        rgb = read_rgb(self.path)
        if self.mesh is None:
            return whole_chip(rgb, feeding.size, feeding.resize)
        return align_mesh(rgb, self.mesh, template, feeding.size, feeding.resize).rgb


def take_chips(paths: Sequence[Path], *, show: bool = True) -> dict[Path, FoundFace]:
    """Take pictures that were cut before as they are; unreadable ones are left out."""
    taken = {}
    for path in counted(paths, "reading chips", show=show):
        try:
            read_rgb(path)
        except (EdgeverifyError, OSError):
            continue
        taken[path] = FoundFace(path=path, mesh=None)
    return taken


def find_faces(
    paths: Sequence[Path], *, selection: FaceSelection, show: bool = True
) -> dict[Path, FoundFace]:
    """Find the face meant in each picture; pictures without one, or unreadable, are left out.

    No quality gate is applied: parity is about numbers, not about who may come in.
    """
    # One thread each: so small networks gain little from a second, and lose much where other work
    # keeps the cores busy and the second one waits by spinning.
    with download_bar() as progress:
        finder = open_face_finder(models_directory(os.environ), VisionSettings(), progress=progress)
    found: dict[Path, FoundFace] = {}
    try:
        for path in counted(paths, "finding faces", show=show):
            face = _face(path, finder.detector, finder.mesher, selection)
            if face is not None:
                found[path] = face
    finally:
        finder.close()
    return found


def _face(
    path: Path, detector: FaceDetector, mesher: FaceMesher, selection: FaceSelection
) -> FoundFace | None:
    try:
        rgb = read_rgb(path)
    except (EdgeverifyError, OSError):
        return None
    box = select(
        detector.detect(rgb), selection, ratio=1.5, width=rgb.shape[1], height=rgb.shape[0]
    )
    if isinstance(box, Refusal):
        return None
    face = mesher.mesh(rgb, box)
    return None if face is None else FoundFace(path=path, mesh=face.mesh)


def read_rgb(path: Path) -> RgbImage:
    """Read a picture, uint8 RGB; ImageError where it cannot be, OSError where it is not there."""
    content = read_plain(path, MOST_BYTES)
    return decode_photo(str(path), content, max_megapixels=_MAX_MEGAPIXELS).rgb


def images_in(folder: Path, limit: int) -> tuple[Path, ...]:
    """List pictures below a folder, at most `limit`, spread evenly; ParityError where none is."""
    if not folder.is_dir():
        raise ParityError(f"no folder of images at {folder}")
    try:
        files = files_of_people_told(folder)
    except OSError as error:
        raise ParityError(f"{error.filename} cannot be read: {error.strerror}") from None
    found = [path for path in files if path.suffix.lower() in PICTURE_ENDINGS]
    if not found:
        raise ParityError(f"no image below {folder}: nothing would be compared")
    return tuple(spread(found, limit))


def spread(things: Sequence[T], limit: int) -> list[T]:
    """Take at most `limit`, evenly over the whole list."""
    if len(things) <= limit:
        return list(things)
    return [things[index * len(things) // limit] for index in range(limit)]
