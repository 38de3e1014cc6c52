"""What a subscriber keeps over its restarts: the last sequence, and the keys announced since.

Without the last sequence an event recorded within its few seconds of life could be played to a lock
that has just started. The number is on disk before the event is handed out: a lock that dies in
between has missed a grant, and never opens twice for one.

The keys are those that a door has announced since the subscriber was given its first.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edgeverify.atomic_file import advice_on, open_plain, write_whole
from edgeverify.client.checking import load_verify_keys
from edgeverify.errors import KeyUnusableError, StateError
from edgeverify.events import NextKey, read_next_key

LOG = logging.getLogger(__name__)

MAX_ANNOUNCED = 8
"""The newest are kept; a door rotates its key every few months."""


class AnnouncedKeys:
    """What to believe: the keys that were given, and each that one of them has announced.

    `believed` grows in place. The announced are kept beside the file of the last sequence; without
    one, in memory alone.
    """

    def __init__(
        self,
        door: str,
        given: dict[str, Ed25519PublicKey],
        sequence_file: Path | None = None,
    ) -> None:
        """Read what was announced before."""
        self._door = door
        path = None if sequence_file is None else sequence_file.with_suffix(".announced.pem")
        self._path = path
        self._announced: list[Ed25519PublicKey] = []
        self.believed = given
        if path is not None and path.exists():
            found = self._kept(path)
            self._announced = list(found.values())
            self.believed |= found

    def learn(self, status: bytes) -> NextKey | None:
        """Believe the key that a status announces; return it where it is new.

        It is on disk before it counts. Raises EventError unless a key that is believed has signed
        it, and StateError where it cannot be kept.
        """
        following = read_next_key(status, self._door, self.believed)
        if following is None or following.keyid in self.believed:
            return None
        announced = [*self._announced, following.public][-MAX_ANNOUNCED:]
        if self._path is not None:
            self._keep(self._path, announced)
        self._announced = announced
        self.believed[following.keyid] = following.public
        return following

    @staticmethod
    def _kept(path: Path) -> dict[str, Ed25519PublicKey]:
        """Return what was announced before; none where the file is damaged, which believes less."""
        try:
            return load_verify_keys([path])
        except KeyUnusableError as error:
            LOG.warning(
                "%s. It kept announced keys; only those that were given are believed now",
                error.problem,
            )
            return {}

    @staticmethod
    def _keep(path: Path, announced: list[Ed25519PublicKey]) -> None:
        pem = b"".join(
            key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) for key in announced
        )
        try:
            write_whole(path, pem)
        except OSError as error:
            raise StateError(
                f"cannot write {path}, which keeps the announced keys: {error.strerror}",
                advice=advice_on(error),
            ) from None


MAX_DIGITS = 20


def default_sequence_file(door: str, host: str, environ: Mapping[str, str]) -> Path:
    """Return where the last sequence of `door` at the broker `host` is kept.

    In systemd's state folder (`STATE_DIRECTORY`), else in the user's (XDG base directories).
    """
    given = environ.get("STATE_DIRECTORY", "").split(":")[0]
    state = environ.get("XDG_STATE_HOME") or f"{environ.get('HOME') or ''}/.local/state"
    folder = Path(given) if given else Path(state) / "edgeverify-lock"
    broker = hashlib.sha256(host.encode()).hexdigest()[:8]
    return folder / f"{door}-{broker}.sequence"


class SequenceFile:
    """One number in a file, written whole or not at all. Raises StateError where it cannot be."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise self._unusable("make a folder for", error) from None

    def read(self) -> int | None:
        """Return the number, or None where there is none yet or the file was damaged.

        StateError where the file is there and cannot be read: then nothing is known, and nothing
        may be opened.
        """
        try:
            with open_plain(self.path) as file:
                text = file.read(MAX_DIGITS + 2).decode("ascii").strip()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            return None
        except OSError as error:
            raise self._unusable("read", error) from None
        return int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else None

    def write(self, sequence: int) -> None:
        """Keep `sequence`, durably."""
        try:
            write_whole(self.path, f"{sequence}\n".encode())
        except OSError as error:
            raise self._unusable("write", error) from None

    def _unusable(self, what: str, error: OSError) -> StateError:
        reason = error.strerror or os.strerror(error.errno or 0)
        return StateError(
            f"cannot {what} {self.path}, which keeps the last sequence: {reason}",
            advice="Name another file with `sequence_file`.",
        )
