"""One byte form for one JSON value, so that hashes and signatures agree everywhere."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from edgeverify.atomic_file import open_plain

_CHUNK_BYTES = 1 << 20


def canonical_json(value: object) -> bytes:
    """Return UTF-8 JSON with sorted keys and no spaces; ValueError on NaN and infinity."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode("utf-8")


def sha256_of(data: bytes) -> str:
    """Return the hex SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return the hex SHA-256 of a file's bytes; OSError where it cannot be read."""
    digest = hashlib.sha256()
    with open_plain(path) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
