"""The signing key in use; a rotation takes effect with the next decision."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from edgeverify.keys import SigningKeys, load_signing_keys, rotate_signing_keys


class KeyRing:
    """Holds what the key file holds. Raises KeyUnusableError where that cannot be read."""

    def __init__(self, path: Path, *, now: datetime) -> None:
        self._path = path
        self.current: SigningKeys = load_signing_keys(path, now=now)

    def renew(self, *, now: datetime) -> None:
        """Make a key where the file was taken away. Raises as the constructor does."""
        self.current = load_signing_keys(self._path, now=now)

    def rotate(self, *, now: datetime, previous_days: int) -> tuple[SigningKeys, SigningKeys]:
        """Make a new key and sign with it from now on; returns (old, new)."""
        old, new = rotate_signing_keys(self._path, now=now, previous_days=previous_days)
        self.current = new
        return old, new
