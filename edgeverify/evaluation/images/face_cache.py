"""Embeddings of images already looked at, so that an evaluation can be stopped and taken up again.

One SQLite file (0600) in a private folder (0700): embeddings are biometric data. Keyed by the
image's SHA-256 and by everything that the embedding depends on, so that nothing stale is read.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

import numpy as np
from typing_extensions import Self

from edgeverify.atomic_file import PRIVATE_FOLDER
from edgeverify.domain import Gate, HeadPose, QualityFigures, Reason, Refusal
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.acquired import Acquired

_WRITE_EVERY = 50
_WAIT_SECONDS = 60.0
_Row: TypeAlias = tuple[str, bytes | None, bytes | None]
"""Facts as JSON, and the embedding of either side."""


class FaceCache:
    """A store of `Acquired` by digest; `folder` None keeps everything in memory only."""

    def __init__(self, folder: Path | None, key: str) -> None:
        """`key` (hex) names everything but the image. EvaluationError where it cannot be kept."""
        self._folder = folder
        # Written in one go: who writes meanwhile, another evaluation say, waits for no picture.
        self._unwritten: dict[str, _Row] = {}
        with self._usable():
            self._database = sqlite3.connect(
                ":memory:" if folder is None else _private_file(folder, key), timeout=_WAIT_SECONDS
            )
            try:
                self._database.execute(
                    "CREATE TABLE IF NOT EXISTS faces"
                    " (digest TEXT PRIMARY KEY, facts TEXT NOT NULL, probe BLOB, reference BLOB)"
                    " WITHOUT ROWID"
                )
            except BaseException:
                self._database.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.flush()
        finally:
            self._database.close()

    @contextmanager
    def _usable(self) -> Iterator[None]:
        """Turn an error of the disk or of SQLite into EvaluationError, with what it is about."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise EvaluationError(
                f"the cache of embeddings in {self._folder} cannot be used: {error}",
                advice="Name another folder with --cache, or none with --no-cache.",
            ) from None

    def get(self, digest: str) -> Acquired | None:
        """Find an image by its SHA-256, or None. EvaluationError where it cannot be read."""
        row = self._unwritten.get(digest)
        if row is None:
            with self._usable():
                row = self._database.execute(
                    "SELECT facts, probe, reference FROM faces WHERE digest = ?", (digest,)
                ).fetchone()
        if row is None:
            return None
        facts = json.loads(row[0])
        refusal, figures, pose = facts["refusal"], facts["figures"], facts["pose"]
        if refusal is not None:
            refusal["reason"], refusal["gate"] = Reason(refusal["reason"]), Gate(refusal["gate"])
        return Acquired(
            digest=digest,
            refusal=None if refusal is None else Refusal(**refusal),
            figures=None if figures is None else QualityFigures(**figures),
            pose=None if pose is None else HeadPose(**pose),
            values=None if row[1] is None else np.frombuffer(row[1], np.float32),
            reference_values=None if row[2] is None else np.frombuffer(row[2], np.float32),
        )

    def put(self, seen: Acquired) -> None:
        """Keep an image; written to disk every so often, and at the end. EvaluationError."""
        facts = {
            name: None if value is None else dataclasses.asdict(value)
            for name, value in (
                ("refusal", seen.refusal),
                ("figures", seen.figures),
                ("pose", seen.pose),
            )
        }
        vectors = [
            None if each is None else each.astype(np.float32).tobytes()
            for each in (seen.values, seen.reference_values)
        ]
        probe, reference = vectors
        self._unwritten[seen.digest] = json.dumps(facts), probe, reference
        if len(self._unwritten) >= _WRITE_EVERY:
            self.flush()

    def flush(self) -> None:
        """Write what is kept to disk. EvaluationError where that cannot be done."""
        rows = [(digest, *row) for digest, row in self._unwritten.items()]
        with self._usable(), self._database:
            self._database.executemany("INSERT OR REPLACE INTO faces VALUES (?,?,?,?)", rows)
        self._unwritten.clear()


def _private_file(folder: Path, key: str) -> Path:
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        raise EvaluationError(
            f"the folder {folder} for cached embeddings can be read by others",
            advice=f"Run: chmod 700 {folder}",
        )
    path = folder / f"{key[:16]}.sqlite"
    path.touch(mode=0o600, exist_ok=True)
    return path
