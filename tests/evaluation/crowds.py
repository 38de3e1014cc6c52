"""Synthetic people as embeddings, and images that hold nothing but their own bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeverify.domain import Gate, HeadPose, QualityFigures, Reason, Refusal
from edgeverify.evaluation.images.acquired import Acquired
from edgeverify.evaluation.images.all_scores import Faces
from edgeverify.evaluation.images.material import Material

LOOKING_AHEAD = HeadPose(yaw_degrees=0, pitch_degrees=0, roll_degrees=0)


def crowd(counts: Sequence[int], seed: int = 1, spread: float = 0.4) -> Faces:
    """People with so many images each, around a point of their own on the sphere."""
    generator = np.random.default_rng(seed)
    person = np.repeat(np.arange(len(counts)), counts)
    identity = generator.normal(0, 1, (len(counts), 16))
    values = identity[person] + spread * generator.normal(0, 1, (len(person), 16))
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    return faces(values, person)


def faces(values: NDArray[np.float64], person: NDArray[np.int64]) -> Faces:
    everyone = np.ones(len(person), np.bool_)
    return Faces(
        values=values.astype(np.float32),
        references=values.astype(np.float32),
        person=person.astype(np.int64),
        people=int(person.max()) + 1,
        is_reference=everyone,
        is_probe=everyone,
    )


def figures(eye_distance: float = 100.0) -> QualityFigures:
    return QualityFigures(
        eye_distance_pixels=eye_distance,
        sharpness=100,
        brightness=120,
        contrast=50,
        border_pixels=20,
    )


def seen(digest: str, values: Sequence[float] | None, eye_distance: float = 100.0) -> Acquired:
    """An image that was looked at; None: no face was found."""
    if values is None:
        return Acquired(
            digest=digest,
            refusal=Refusal(reason=Reason.NO_FACE, gate=Gate.NO_FACE, hint="nobody"),
        )
    return Acquired(
        digest=digest,
        figures=figures(eye_distance),
        pose=LOOKING_AHEAD,
        values=np.array(values, np.float32),
        reference_values=np.array(values, np.float32),
    )


def album(*images: tuple[str, Acquired]) -> Material:
    """Images by person, in order of the person's name."""
    people = sorted({person for person, _ in images})
    return Material(
        people=tuple(people),
        person=np.array([people.index(person) for person, _ in images], np.int64),
        paths=tuple(Path(f"{person}/{look.digest}.jpg") for person, look in images),
        seen=tuple(look for _, look in images),
        problems=(),
    )
