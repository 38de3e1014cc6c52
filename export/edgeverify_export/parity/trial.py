"""The faces and pairs that one run of parity compares.

`choose` says at which score parity looks for flipped decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeverify.bundle.fusion import EmbedderBundle
from edgeverify.bundle.manifest import Manifest, Precision
from edgeverify.bundle.threshold_choice import one_sided
from edgeverify.comparison import Metric
from edgeverify.domain import RgbImage
from edgeverify.errors import ParityError
from edgeverify.evaluation.images.pairs import Pair, read_pairs
from edgeverify.evaluation.statistics.rates import threshold_at_fmr
from edgeverify.feeding.preprocessing import Batch, feed
from edgeverify.runtime.session import Session
from edgeverify.vision.dominance import FaceSelection
from edgeverify_export.parity.faces import FoundFace, find_faces, images_in, take_chips

Scores = NDArray[np.float64]


class Comparing(Protocol):
    """The manifest of whatever is compared: one network's, or a fusion's."""

    @property
    def metric(self) -> Metric:
        """How two embeddings are compared."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """Embeddings float32 (n, d) as the manifest pools them; a NaN row where it answered with NaN.

    `extremes` are the same for black, white and noise.
    """

    name: str
    precision: Precision
    values: Batch
    extremes: Batch

    @property
    def nan_count(self) -> int:
        """How many answers, extremes included, held NaN or infinity."""
        both = np.concatenate([self.values, self.extremes])
        return int(np.count_nonzero(~np.isfinite(both).all(axis=1)))


def ask(
    session: Session,
    manifest: Manifest,
    chips: Iterable[RgbImage],
    extremes: Sequence[RgbImage],
) -> Answers:
    """Embed all chips, uint8 RGB (size, size, 3)."""
    return Answers(
        name=session.name,
        precision=session.precision,
        values=embed_all(session, manifest, chips),
        extremes=embed_all(session, manifest, extremes),
    )


def embed_all(session: Session, manifest: Manifest, chips: Iterable[RgbImage]) -> Batch:
    """Embed at least one chip as the manifest pools it, float32 (n, d); NaN is kept as NaN.

    As a reference: that is with the mirror image wherever the manifest has one.
    """
    mirror = manifest.is_mirrored("reference")
    rows = []
    for chip in chips:
        raw = session.run(feed(chip, manifest.feeding, mirror=mirror)).astype(np.float64)
        total = raw.sum(axis=0)
        length = np.linalg.norm(total) if manifest.normalise else float(len(raw))
        with np.errstate(all="ignore"):
            rows.append((total / length).astype(np.float32))
    return np.stack(rows)


def scores(values: Batch, trial: Trial, manifest: Comparing) -> Scores:
    """Score the trial's pairs: cosine, or minus the distance, float64 (pairs,)."""
    first = values[trial.probes].astype(np.float64)
    second = values[trial.references].astype(np.float64)
    if manifest.metric == "cosine":
        lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
        return np.asarray((first * second).sum(axis=1) / np.maximum(lengths, 1e-12))
    return np.asarray(-np.linalg.norm(first - second, axis=1))


def extreme_scores(answers: Answers, manifest: Comparing) -> Scores:
    """Score black, white and noise with every face, float64 (3, n)."""
    probes, faces = answers.extremes.astype(np.float64), answers.values.astype(np.float64)
    if manifest.metric == "cosine":
        probes = probes / np.maximum(np.linalg.norm(probes, axis=1, keepdims=True), 1e-12)
        faces = faces / np.maximum(np.linalg.norm(faces, axis=1, keepdims=True), 1e-12)
        return np.asarray(probes @ faces.T)
    return np.asarray(-np.linalg.norm(probes[:, None] - faces[None], axis=2))


def all_scores(values: Batch, manifest: Comparing) -> Scores:
    """Score every face with every other, float64 (n * (n - 1) / 2,)."""
    wide = values.astype(np.float64)
    upper = np.triu_indices(len(wide), k=1)
    if manifest.metric == "cosine":
        wide = wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-12)
        return np.asarray((wide @ wide.T)[upper])
    squares = (wide**2).sum(axis=1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2 * wide @ wide.T, 0))
    return np.asarray(-distances[upper])


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


def gather(
    images: Path,
    pairs_file: Path | None,
    *,
    limit: int = 1000,
    aligned: bool = False,
    show: bool = True,
) -> Trial:
    """Find the faces of a folder, or of the pairs of a list; ParityError where none is found.

    With `aligned` the pictures are chips already: no face is looked for, none is lost.
    """

    def faces(paths: tuple[Path, ...], selection: FaceSelection) -> dict[Path, FoundFace]:
        if aligned:
            return take_chips(paths, show=show)
        return find_faces(paths, selection=selection, show=show)

    if pairs_file is None:
        paths = images_in(images, limit)
        found = faces(paths, FaceSelection.LARGEST)
        return _trial(found, (), len(paths), images)
    pairs = read_pairs(pairs_file)
    wanted = dict.fromkeys(key.path(images) for p in pairs for key in (p.probe, p.reference))
    found = faces(tuple(wanted), FaceSelection.CENTRAL)
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


_DOOR_FMR = 1e-4
_FALLBACK_FMR = 1e-3


@dataclass(frozen=True, slots=True)
class Chosen:
    """A threshold and where it comes from."""

    value: float
    source: str


def choose(
    bundle: EmbedderBundle, baseline: Answers, trial: Trial, by_hand: float | None
) -> Chosen | None:
    """Take the one written by hand, else the door's operating point, else FMR 1e-3 of the pairs.

    None where there are no pairs to decide. ParityError for one by hand that decides nothing.
    """
    why = "" if by_hand is None else one_sided(by_hand, bundle.metric)
    if why:
        raise ParityError(
            f"--threshold {by_hand:g} {why}: no decision could flip",
            advice="Give one that a door could use, or leave it out.",
        )
    if not trial.has_pairs:
        return None
    if by_hand is not None:
        return Chosen(by_hand, "given by --threshold")
    points = bundle.operating_points
    point = None if points is None else points.at_most(_DOOR_FMR, "single")
    if point is not None:
        return Chosen(point.threshold, f"the bundle's operating point for FMR {point.fmr:g}")
    found = scores(baseline.values, trial, bundle.manifest)
    non_mated = found[~trial.mated]
    if not len(non_mated):
        return None
    value = _between(found, threshold_at_fmr(non_mated, _FALLBACK_FMR))
    return Chosen(value, f"FMR 1e-3 of the {len(non_mated)} non-mated pairs given")


def _between(found: Scores, lowest: float) -> float:
    """Move the lowest threshold of its FMR to the middle of the gap that it begins.

    It lies a rounding above one of the very scores that are looked at, which any other arithmetic
    would flip; every threshold up to the next score decides these pairs alike.
    """
    below, above = found[found < lowest], found[found >= lowest]
    if not len(below) or not len(above):
        return lowest
    return float((below.max() + above.min()) / 2)
