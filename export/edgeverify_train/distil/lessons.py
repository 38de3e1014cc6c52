"""What the student learns from: chips of faces, and the teacher's embedding of each.

Made once, into the run's folder, from photos in which the door's own finder finds the face, or from
chips that were aligned before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from edgeverify_export.parity.faces import FoundFace, find_faces, take_chips
from edgeverify_export.statement import Resolved, alignment_of
from numpy.typing import NDArray

from edgeverify.atomic_file import PRIVATE_FOLDER, whole_file, write_whole
from edgeverify.errors import ConfigError
from edgeverify.progress import counted_bar
from edgeverify.vision.dominance import FaceSelection
from edgeverify_train.distil.teacher import Teacher
from edgeverify_train.feeding import require_aligned
from edgeverify_train.people import pictures_below, read_statement
from edgeverify_train.run_folder import CHIPS, EMBEDDINGS, LEFT_OUT, RunFolder

_AT_ONCE = 64
_FEWEST = 16


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Chips, and the embedding of each: float32 (n, d), unit rows."""

    folder: Path
    pictures: tuple[Path, ...]
    embeddings: NDArray[np.float32]


Answering = Callable[[Sequence[Path]], NDArray[np.float32]]
"""What a network makes of chips: float32 (n, d), unit rows."""


def make_lessons(
    folder: Path,
    teacher: Teacher,
    resolved: Resolved,
    size: int,
    run: RunFolder,
    *,
    student: Answering | None = None,
) -> tuple[Lessons, int]:
    """Cut a chip of every face below `folder` and embed it; also how many had to be left out.

    `size` is of the student's embedding; the teacher's is brought to it (`reduced`), and turned
    towards the answers of a `student` that was trained before (`turned`). What was left
    out stands in the run's left-out.txt. ConfigError where too few are left.
    """
    photos = pictures_below(folder)
    is_aligned = read_statement(folder) is not None
    if is_aligned:
        _require_same_template(folder, teacher, resolved)
    chips = run.folder / CHIPS
    chips.mkdir(mode=PRIVATE_FOLDER)
    pictures: list[Path] = []
    rows: list[NDArray[np.float32]] = []
    taken: set[Path] = set()
    for faces in _found(photos, is_aligned=is_aligned):
        rows.append(teacher.embed(faces))
        for face in faces:
            pictures.append(chips / f"{len(pictures):08}.png")
            _cut(face, resolved, pictures[-1])
            taken.add(face.path)
    if len(taken) < _FEWEST:
        raise ConfigError(
            f"{folder} has {len(taken)} faces, and {_FEWEST} are the fewest to learn from",
            advice="Give more photos: distillation takes tens of thousands.",
        )
    left_out = [photo for photo in photos if photo not in taken]
    lines = "".join(f"{photo}: no face found, or not readable\n" for photo in left_out)
    write_whole(run.folder / LEFT_OUT, lines.encode("utf-8", "surrogateescape"))
    embeddings = reduced(np.concatenate(rows), size)
    if student is not None:
        embeddings = turned(embeddings, student(pictures))
    with whole_file(run.folder / EMBEDDINGS) as file:
        np.save(file, embeddings)
    return Lessons(chips, tuple(pictures), embeddings), len(left_out)


def read_lessons(run: RunFolder) -> Lessons:
    """Read what `make_lessons` left in a run; ConfigError where it is not whole."""
    chips, path = run.folder / CHIPS, run.folder / EMBEDDINGS
    try:
        embeddings = np.load(path, allow_pickle=False)
        pictures = tuple(sorted(chips.glob("*.png")))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}",
            advice="Run `edgeverify-train distill` again into a new folder.",
        ) from None
    if len(pictures) != len(embeddings):
        raise ConfigError(
            f"{chips} has {len(pictures)} chips, and {path.name} {len(embeddings)} embeddings",
            advice="Run `edgeverify-train distill` again into a new folder.",
        )
    return Lessons(chips, pictures, np.asarray(embeddings, dtype=np.float32))


def reduced(embeddings: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Turn unit rows (n, d) to their `size` strongest directions, unit rows (n, size).

    The directions are the right singular vectors of all rows, not centred: of all turns to `size`
    values this one keeps the inner products best. ConfigError where `size` is above d.
    """
    if embeddings.shape[1] == size:
        return embeddings
    if embeddings.shape[1] < size:
        raise ConfigError(
            f"the teacher's embedding has {embeddings.shape[1]} values, the student's {size}",
            advice=f"Take --set network.embedding_size={embeddings.shape[1]}, or fewer.",
        )
    _, directions = np.linalg.eigh(embeddings.T.astype(np.float64) @ embeddings)
    turned = embeddings @ directions[:, ::-1][:, :size]
    return np.asarray(turned / np.linalg.norm(turned, axis=1, keepdims=True), dtype=np.float32)


def turned(embeddings: NDArray[np.float32], towards: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn unit rows (n, d) as a whole, so that they lie nearest to others of the same faces.

    Orthogonal Procrustes (Schoenemann 1966): no inner product changes, so the teacher teaches the
    same, and a student that knows faces already need not learn another system of coordinates.
    """
    left, _, right = np.linalg.svd(embeddings.T.astype(np.float64) @ towards)
    return np.asarray(embeddings @ (left @ right), dtype=np.float32)


def _require_same_template(folder: Path, teacher: Teacher, resolved: Resolved) -> None:
    require_aligned(folder, resolved, trusted=False)
    if teacher.templates != {alignment_of(resolved).name}:
        raise ConfigError(
            f"the chips in {folder} are cut for the student, and {teacher.bundle.name} is fed by "
            f"{', '.join(sorted(teacher.templates))}",
            advice="Give the photos that they were cut from: each network then gets its own chip.",
        )


def _found(photos: Sequence[Path], *, is_aligned: bool) -> Iterator[tuple[FoundFace, ...]]:
    with counted_bar("the teacher looks at faces") as moved:
        for start in range(0, len(photos), _AT_ONCE):
            moved(start, len(photos), "")
            some = photos[start : start + _AT_ONCE]
            if is_aligned:
                found = take_chips(some, show=False)
            else:
                found = find_faces(some, selection=FaceSelection.CENTRAL, show=False)
            if found:
                yield tuple(found.values())


def _cut(face: FoundFace, resolved: Resolved, path: Path) -> None:
    chip = face.chip(resolved.feeding, alignment_of(resolved))
    _, png = cv2.imencode(".png", np.ascontiguousarray(chip[:, :, ::-1]))
    write_whole(path, png.tobytes(), is_durable=False)
