"""References at rest: encrypted one by one, each with a key of its own that removal destroys."""

from edgeverify.references.loading import StoredReference
from edgeverify.references.sealing import PhotoEmbedding
from edgeverify.references.store import ReferenceStore

__all__ = [
    "PhotoEmbedding",
    "ReferenceStore",
    "StoredReference",
]
