"""Keys that a door has announced since a subscriber was given its first, kept over restarts."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edgeverify.atomic_file import write_whole
from edgeverify.client.checking import load_verify_keys
from edgeverify.errors import StateError
from edgeverify.events import NextKey, read_next_key

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
        """Read what was announced before. Raises KeyUnusableError."""
        self._door = door
        path = None if sequence_file is None else sequence_file.with_suffix(".announced.pem")
        self._path = path
        self._announced: list[Ed25519PublicKey] = []
        self.believed = given
        if path is not None and path.exists():
            found = load_verify_keys([path])
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
    def _keep(path: Path, announced: list[Ed25519PublicKey]) -> None:
        pem = b"".join(
            key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) for key in announced
        )
        try:
            write_whole(path, pem)
        except OSError as error:
            raise StateError(
                f"cannot write {path}, which keeps the announced keys: {error.strerror}"
            ) from None
