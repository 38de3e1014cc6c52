"""References as they are handed out: opened, fused, or refused by name."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgeverify.comparison import fuse
from edgeverify.domain import Embedding, Reference
from edgeverify.errors import ReferenceUnusableError
from edgeverify.references.database import ReferenceSummary, read_rows
from edgeverify.references.sealing import PhotoEmbedding, Sealed, Sealer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredReference:
    """A reference with what each photo gave, for enrolment to keep what has not changed."""

    summary: ReferenceSummary
    photos: tuple[PhotoEmbedding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusableReference:
    """Present, but not to be compared; the door denies `reference_unusable`."""

    card: str
    name: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedReferences:
    """Everything in the store by card: ready to compare, or refused by name.

    `photo_digests` has the SHA-256 (hex) of the photos behind each usable reference.
    """

    usable: dict[str, Reference]
    unusable: dict[str, UnusableReference]
    photo_digests: dict[str, frozenset[str]] = field(default_factory=dict)


def look_into(path: Path, master_secret: bytes, embedding_space: str) -> LoadedReferences:
    """Open all references as `ReferenceStore.load` does, changing nothing, beside whoever writes.

    Raises StateError and KeyUnusableError.
    """
    sealer = Sealer(master_secret)
    return loaded(read_rows(path, sealer), sealer, embedding_space)


def loaded(rows: Sequence[sqlite3.Row], sealer: Sealer, embedding_space: str) -> LoadedReferences:
    """Open every row, each person's photos fused; those of another model are refused by name."""
    usable: dict[str, Reference] = {}
    unusable: dict[str, UnusableReference] = {}
    digests: dict[str, frozenset[str]] = {}
    for row in rows:
        card, name = row["card"], row["name"]
        if row["embedding_space"] != embedding_space:
            problem = f"the reference of card {card} was made with another model"
            unusable[card] = UnusableReference(card=card, name=name, problem=problem)
            continue
        try:
            photos = photos_of(row, sealer)
            fused = _fused(photos)
        except ReferenceUnusableError as error:
            unusable[card] = UnusableReference(card=card, name=name, problem=error.problem)
        else:
            usable[card] = Reference(
                card=card,
                name=name,
                embedding=fused,
                photo_count=len(photos),
                camera_photo_count=sum(photo.is_of_camera for photo in photos),
                is_small=all(photo.is_small for photo in photos),
            )
            digests[card] = frozenset(photo.digest for photo in photos)
    return LoadedReferences(usable=usable, unusable=unusable, photo_digests=digests)


def photos_of(row: sqlite3.Row, sealer: Sealer) -> tuple[PhotoEmbedding, ...]:
    """Open one row. Raises ReferenceUnusableError."""
    sealed = Sealed(wrapped_key=row["wrapped_key"], payload=row["payload"])
    return sealer.open(row["card"], row["embedding_space"], sealed)


def _fused(photos: tuple[PhotoEmbedding, ...]) -> Embedding:
    # One photo is taken as it is: a model whose manifest does not normalise compares by lengths.
    if len(photos) == 1:
        return photos[0].embedding
    return fuse([photo.embedding for photo in photos])
