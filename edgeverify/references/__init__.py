"""References at rest: encrypted one by one, each with a key of its own that removal destroys."""

from edgeverify.references.database import ReferenceSummary
from edgeverify.references.sealing import PhotoEmbedding
from edgeverify.references.store import (
    LoadedReferences,
    ReferenceStore,
    StoredReference,
    UnusableReference,
)

__all__ = [
    "LoadedReferences",
    "PhotoEmbedding",
    "ReferenceStore",
    "ReferenceSummary",
    "StoredReference",
    "UnusableReference",
]
