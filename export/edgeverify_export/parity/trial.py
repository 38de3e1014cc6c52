"""The faces and pairs that one run of parity compares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeverify.errors import ParityError
from edgeverify.evaluation.images.pairs import Pair, read_pairs
from edgeverify.vision.dominance import FaceSelection
from edgeverify_export.parity.faces import FoundFace, find_faces, images_in

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """Faces, and pairs of them by index; `mated` says which pairs show one person.

    `listed_pairs` counts the pairs that were asked for: those with an undetected face fell out.
    """

    faces: tuple[FoundFace, ...]
    probes: Indices
    references: Indices
    mated: NDArray[np.bool_]
    images: int
    listed_pairs: int

    @property
    def has_pairs(self) -> bool:
        """True where there is something to decide."""
        return len(self.probes) > 0


def gather(images: Path, pairs_file: Path | None, *, limit: int = 1000, show: bool = True) -> Trial:
    """Find the faces of a folder, or of the pairs of a list; ParityError where none is found."""
    if pairs_file is None:
        paths = images_in(images, limit)
        found = find_faces(paths, selection=FaceSelection.LARGEST, show=show)
        return _trial(found, (), len(paths), images)
    pairs = read_pairs(pairs_file)
    wanted = dict.fromkeys(key.path(images) for p in pairs for key in (p.probe, p.reference))
    found = find_faces(tuple(wanted), selection=FaceSelection.CENTRAL, show=show)
    keyed = tuple((p, p.probe.path(images), p.reference.path(images)) for p in pairs)
    return _trial(found, keyed, len(wanted), images)


def _trial(
    found: dict[Path, FoundFace],
    pairs: tuple[tuple[Pair, Path, Path], ...],
    images: int,
    folder: Path,
) -> Trial:
    if not found:
        raise ParityError(
            f"no face found in {images} images of {folder}: nothing was compared",
            advice="Give photos of faces; for --pairs, --images is the folder with NAME/ in it.",
        )
    index = {path: position for position, path in enumerate(found)}
    kept = [(p, a, b) for p, a, b in pairs if a in index and b in index]
    return Trial(
        faces=tuple(found.values()),
        probes=np.array([index[a] for _, a, _ in kept], dtype=np.intp),
        references=np.array([index[b] for _, _, b in kept], dtype=np.intp),
        mated=np.array([p.is_mated for p, _, _ in kept], dtype=np.bool_),
        images=images,
        listed_pairs=len(pairs),
    )
