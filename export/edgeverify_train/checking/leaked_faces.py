"""People of an evaluation who are in the training folder under another name, by their faces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeverify.comparison import Metric
from edgeverify.evaluation.images.acquire import Progress
from edgeverify.evaluation.images.all_scores import score_block
from edgeverify.evaluation.instrument import Instrument
from edgeverify_train.checking.findings import Values
from edgeverify_train.checking.looking import is_cut_for, look_at_all
from edgeverify_train.people import pictures_below, read_statement

_BLOCK = 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Faces:
    """Pictures with a face: `paths`, the folder name of each one's person, float32 (n, d)."""

    paths: tuple[Path, ...]
    people: tuple[str, ...]
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakedFace:
    """Somebody of the folder who looks like somebody of an evaluation: their nearest pictures."""

    own: Path
    theirs: Path
    score: float
    pairs: int


def faces_of(
    folder: Path, instrument: Instrument, *, cache: Path | None, progress: Progress
) -> Faces:
    """Embed every picture of an evaluation's folder; those without a face are left out.

    Chips that were cut for the embedder are fed as they are, others are looked for their face.
    """
    cut = read_statement(folder)
    looking = replace(instrument, aligned=is_cut_for(cut, instrument.verifier.bundle.parts))
    paths = pictures_below(folder)
    seen, _ = look_at_all(
        list(paths), looking, are_chips=cut is not None, cache=cache, progress=progress
    )
    found = [(path, one.values) for path in paths if (one := seen.get(path)) is not None]
    kept = [(path, values) for path, values in found if values is not None]
    return Faces(
        paths=tuple(path for path, _ in kept),
        people=tuple(path.relative_to(folder).parts[0] for path, _ in kept),
        values=np.stack([values for _, values in kept]) if kept else np.empty((0, 1), np.float32),
    )


def leaked_faces(
    own: Faces, theirs: Faces, metric: Metric, threshold: float, known: Callable[[str], bool]
) -> tuple[LeakedFace, ...]:
    """Find pairs of people whose pictures score at least `threshold`, the nearest first.

    `known` says of a person's name that they were found already, by name or by picture.
    """
    best: dict[tuple[str, str], LeakedFace] = {}
    if not len(theirs.values):
        return ()
    for start in range(0, len(own.values), _BLOCK):
        scores = score_block(own.values[start : start + _BLOCK], theirs.values, metric)
        for row, column in zip(*np.nonzero(scores >= threshold), strict=True):
            name, other = own.people[start + row], theirs.people[column]
            if known(name):
                continue
            score, before = float(scores[row, column]), best.get((name, other))
            near = before is not None and before.score >= score
            best[name, other] = LeakedFace(
                own=before.own if before and near else own.paths[start + row],
                theirs=before.theirs if before and near else theirs.paths[column],
                score=before.score if before and near else score,
                pairs=1 if before is None else before.pairs + 1,
            )
    return tuple(sorted(best.values(), key=lambda one: -one.score))


@dataclass(frozen=True, slots=True, kw_only=True)
class FacesCompared:
    """An evaluation's folder beside ours: how many faces it has, and who looks alike."""

    own: int
    theirs: int
    leaks: tuple[LeakedFace, ...]


def leaked_by_folder(
    own: Faces,
    lists: Sequence[Path],
    instrument: Instrument,
    threshold: float,
    known: Mapping[Path, Callable[[str], bool]],
    *,
    cache: Path | None,
    progress: Progress,
) -> dict[Path, FacesCompared]:
    """Compare the folder with each evaluation that is a folder of pictures."""
    found = {}
    for folder in lists:
        if folder.is_dir() and len(own.values):
            theirs = faces_of(folder, instrument, cache=cache, progress=progress)
            leaks = leaked_faces(own, theirs, instrument.metric, threshold, known[folder])
            found[folder] = FacesCompared(
                own=len(own.values), theirs=len(theirs.values), leaks=leaks
            )
    return found
