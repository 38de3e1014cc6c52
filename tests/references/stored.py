"""A store that a test opens, closes and opens again, and photos to put into it."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from edgeverify.domain import Embedding
from edgeverify.references import PhotoEmbedding, ReferenceStore

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)


KEY = bytes(range(32))


SPACE = "a" * 64


OTHER_SPACE = "b" * 64


def photo(seed: int, name: str = "ada.jpg", space: str = SPACE) -> PhotoEmbedding:
    values = np.random.default_rng(seed).normal(size=128).astype(np.float32)
    values /= np.linalg.norm(values)
    return PhotoEmbedding(
        photo=name, digest=f"{seed:064x}", embedding=Embedding(values=values, embedding_space=space)
    )


OPENED: list[ReferenceStore] = []
"""What a test opened and may have left open."""


def opened(path: Path, key: bytes = KEY) -> ReferenceStore:
    store = ReferenceStore(path, key, now=NOW)
    OPENED.append(store)
    return store


def reopened(store: ReferenceStore, key: bytes = KEY) -> ReferenceStore:
    store.close()
    return opened(store.path, key)


def tampered(store: ReferenceStore, statement: str) -> ReferenceStore:
    store.close()
    connection = sqlite3.connect(store.path)
    with connection:
        connection.execute(statement)
    connection.close()
    return opened(store.path)
