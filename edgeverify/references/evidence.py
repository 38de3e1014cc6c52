"""Evidence pictures: one sealed file for each, which no name, card or face can be read out of.

Sealed like a reference: AES-256-GCM under a data key of its own, which a key derived from the
master key wraps. To destroy one, its wrapped key is overwritten before the file goes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edgeverify.atomic_file import PRIVATE_FOLDER, open_plain, write_whole
from edgeverify.errors import StateError
from edgeverify.folder_listing import entries
from edgeverify.references.sealing import DATA_KEY_BYTES, NONCE_BYTES, WRAPPED_KEY_BYTES, derive

SUFFIX = ".picture"
_EVENT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9\-]{0,127}$")


@dataclass(frozen=True, slots=True)
class EvidenceFolder:
    """The pictures of one door under one master key (`secret`, 32 bytes); made when needed."""

    folder: Path
    secret: bytes

    def __repr__(self) -> str:
        return f"EvidenceFolder({str(self.folder)!r})"

    def keep(self, event_id: str, jpeg: bytes) -> None:
        """Seal a picture of the decision `event_id`. Raises OSError."""
        self.folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        data_key, bound_to = os.urandom(DATA_KEY_BYTES), _bound_to(event_id)
        wrap_nonce, nonce = os.urandom(NONCE_BYTES), os.urandom(NONCE_BYTES)
        wrapped = wrap_nonce + self._wrapping.encrypt(wrap_nonce, data_key, bound_to)
        sealed = nonce + AESGCM(data_key).encrypt(nonce, jpeg, bound_to)
        write_whole(self._file(event_id), wrapped + sealed)

    def open(self, event_id: str) -> bytes:
        """Return a picture's JPEG. Raises StateError."""
        try:
            with open_plain(self._file(event_id)) as file:
                content = file.read()
        except FileNotFoundError:
            raise StateError(
                f"there is no picture of the decision {event_id}",
                advice="`edgeverify evidence list` names those that are kept.",
            ) from None
        except OSError as error:
            raise StateError(f"the picture of {event_id} cannot be read: {error}") from None
        wrapped, sealed = content[:WRAPPED_KEY_BYTES], content[WRAPPED_KEY_BYTES:]
        bound_to = _bound_to(event_id)
        try:
            data_key = self._wrapping.decrypt(
                wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound_to
            )
            return AESGCM(data_key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError):
            raise StateError(
                f"the picture of {event_id} cannot be opened: it was altered, or sealed under "
                "another master key"
            ) from None

    def has(self, event_id: str) -> bool:
        """Return whether a decision has a picture; False for what is no decision's id."""
        return bool(_EVENT.match(event_id)) and self._file(event_id).is_file()

    def kept(self) -> frozenset[str]:
        """Return the decisions that have a picture. Raises StateError."""
        return frozenset(path.name.removesuffix(SUFFIX) for path in self._files())

    def destroy(self, event_ids: Iterable[str]) -> int:
        """Overwrite the keys of these decisions' pictures, and delete them; return how many.

        Raises StateError where one cannot be destroyed, after all others were.
        """
        return _destroy_all(self._file(name) for name in sorted(self.kept() & set(event_ids)))

    def prune(self, oldest: datetime, max_bytes: int) -> int:
        """Destroy what is older than `oldest` (aware), then the oldest beyond `max_bytes`.

        Raises StateError where one cannot be destroyed, after all others were.
        """
        total, doomed = 0, []
        found = sorted(((_stat(path), path) for path in self._files()), reverse=True)
        for (modified, size), path in found:
            total += size
            if modified < oldest.timestamp() or total > max_bytes:
                doomed.append(path)
        return _destroy_all(doomed)

    @property
    def _wrapping(self) -> AESGCM:
        return AESGCM(derive(self.secret, b"edgeverify evidence keys v1"))

    def _file(self, event_id: str) -> Path:
        if not _EVENT.match(event_id):
            raise StateError(f"{event_id[:64]!r} is not the id of a decision")
        return self.folder / f"{event_id}{SUFFIX}"

    def _files(self) -> list[Path]:
        try:
            return entries(self.folder, f"*{SUFFIX}")
        except OSError as error:
            raise StateError(f"{self.folder} cannot be read: {error.strerror}") from None


def _destroy_all(paths: Iterable[Path]) -> int:
    """Destroy each picture, whatever becomes of the one before; return how many."""
    problems = [_destroy(path) for path in paths]
    failed = [problem for problem in problems if problem]
    if failed:
        raise StateError(failed[0], advice="Delete it by hand: its time is over.")
    return problems.count("")


def _destroy(path: Path) -> str | None:
    """Return why a picture cannot be destroyed, "" where it is now; None: it was gone already."""
    try:
        with path.open("r+b") as file:
            file.write(bytes(WRAPPED_KEY_BYTES))
            file.flush()
            os.fdatasync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"the picture {path} cannot be destroyed: {error.strerror}"
    return ""


def _stat(path: Path) -> tuple[float, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0.0, 0)
    return (found.st_mtime, found.st_size)


def _bound_to(event_id: str) -> bytes:
    return b"edgeverify.evidence.v1\n" + event_id.encode()
