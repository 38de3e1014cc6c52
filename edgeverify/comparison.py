"""From two embeddings to a comparison score (pure). Higher is more similar, whatever the metric.

Argument order is always probe, reference (ISO/IEC 19795-1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import Comparison, Embedding, Reference, Vector
from edgeverify.errors import ReferenceUnusableError

Metric = Literal["cosine", "euclidean"]


def score(probe: Embedding, reference: Embedding, metric: Metric = "cosine") -> float:
    """Return the cosine (-1 to 1), or minus the Euclidean distance.

    Raises ReferenceUnusableError when the two were made in different embedding spaces.
    """
    _require_one_space(probe, reference)
    values = reference.values if metric == "euclidean" else normalised(reference.values)
    return float(_scores(probe.values, values[np.newaxis], metric)[0])


def fuse(embeddings: Sequence[Embedding]) -> Embedding:
    """Return one embedding of several photos of one person (`fused_values`).

    ValueError for none, ReferenceUnusableError for mixed embedding spaces.
    """
    if not embeddings:
        raise ValueError("nothing to fuse")
    first = embeddings[0]
    for other in embeddings[1:]:
        _require_one_space(other, first)
    values = fused_values(np.stack([each.values for each in embeddings]))
    return Embedding(values=values, embedding_space=first.embedding_space)


def fused_values(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean direction of the rows of (n, d), at their mean length: float32 (d,).

    Every photo has one vote, whatever its length. The length is kept because a distance needs it:
    a probe of a model that does not normalise has its own, and a reference of length 1 would lie
    far from everybody. Where a model normalises, all lengths are 1 and so is the answer's.
    """
    lengths = np.linalg.norm(values, axis=-1)
    return np.asarray(normalised(normalised(values).sum(axis=0)) * np.float32(lengths.mean()))


def normalised(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale the last axis to length 1; a zero stays zero, and so matches nothing by cosine."""
    length = np.linalg.norm(values, axis=-1, keepdims=True)
    return np.asarray(values / np.maximum(length, 1e-12), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReferenceMatrix:
    """Several references side by side, so that one matrix product scores them all.

    `values` is float32 (n, d), row i belonging to `cards[i]`; for the cosine of length 1.
    """

    cards: tuple[str, ...]
    values: NDArray[np.float32]
    embedding_space: str
    metric: Metric

    @classmethod
    def of(cls, references: Sequence[Reference], metric: Metric = "cosine") -> ReferenceMatrix:
        """Stack references; ValueError for none, ReferenceUnusableError for mixed spaces."""
        if not references:
            raise ValueError("a comparison needs at least one reference")
        first = references[0].embedding
        for other in references[1:]:
            _require_one_space(other.embedding, first)
        values = np.stack([reference.embedding.values for reference in references])
        return cls(
            cards=tuple(reference.card for reference in references),
            values=normalised(values) if metric == "cosine" else values,
            embedding_space=first.embedding_space,
            metric=metric,
        )


def compare_all(
    probe: Embedding, references: ReferenceMatrix, *, threshold: float | Sequence[float]
) -> Comparison:
    """Compare with the best of the references; ambiguous when two reach their threshold.

    `threshold` is one for all, or one a reference; then the best is the furthest above (or least
    below) its own. A score that is not a number never matches and never wins over one that is.
    """
    scores = score_all(probe, references)
    scores = np.where(np.isfinite(scores), scores, -np.inf)
    thresholds = np.broadcast_to(np.asarray(threshold, dtype=np.float64), scores.shape)
    best = int(np.argmax(scores - thresholds))
    return Comparison(
        card=references.cards[best],
        score=float(scores[best]),
        threshold=float(thresholds[best]),
        is_ambiguous=int((scores >= thresholds).sum()) > 1,
    )


def score_all(probe: Embedding, references: ReferenceMatrix) -> NDArray[np.float32]:
    """Score a probe with every reference, float32 (n,) in their order.

    Raises ReferenceUnusableError where they are of another embedding space.
    """
    if probe.embedding_space != references.embedding_space:
        raise _other_space()
    return _scores(probe.values, references.values, references.metric)


def _scores(probe: Vector, references: NDArray[np.float32], metric: Metric) -> NDArray[np.float32]:
    if metric == "euclidean":
        return np.asarray(-np.linalg.norm(references - probe, axis=1), dtype=np.float32)
    return np.asarray(references @ normalised(probe), dtype=np.float32)


def _require_one_space(probe: Embedding, reference: Embedding) -> None:
    if probe.embedding_space != reference.embedding_space:
        raise _other_space()
    if probe.values.shape != reference.values.shape:
        raise ReferenceUnusableError(
            f"an embedding of {probe.values.size} values cannot be compared with one of "
            f"{reference.values.size}",
            advice="Enrol the person again.",
        )


def _other_space() -> ReferenceUnusableError:
    return ReferenceUnusableError(
        "the reference was made with another model than the one in use",
        advice="Enrol the person again from the photo, or go back to the model it was made with.",
    )
