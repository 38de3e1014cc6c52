"""The signing key in use, and the one that is announced to follow it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from edgeverify.errors import KeyUnusableError, StateError
from edgeverify.key_rotation import (
    AnnouncedKey,
    announce_next_key,
    begin_next_key,
    read_announced,
    withdraw,
)
from edgeverify.keys import SigningKeys, load_signing_keys

LOG = logging.getLogger(__name__)


class KeyRing:
    """Holds what the key files hold. Raises KeyUnusableError where that in use cannot be read."""

    def __init__(self, path: Path, *, now: datetime) -> None:
        self._path = path
        self.current: SigningKeys = load_signing_keys(path, now=now)
        self.announced: AnnouncedKey | None = None
        self._has_changed = False
        self.has_written = False
        """True once a file was written, until whoever seals the files sets it back."""
        try:
            self.announced = read_announced(path)
        except KeyUnusableError as error:
            # The door goes on with its key; nobody has been told more than the public half.
            LOG.error("%s. %s", error.problem, error.advice)  # noqa: TRY400 - for people

    @property
    def announcement(self) -> Mapping[str, str] | None:
        """What the status holds under `next_key`; None where nothing is announced."""
        return None if self.announced is None else self.announced.record

    def renew(self, *, now: datetime) -> None:
        """Make a key where the file was taken away. Raises as the constructor does."""
        self.current = load_signing_keys(self._path, now=now)
        self.has_written = True

    def announce(self, *, door: str, begins_at: datetime) -> AnnouncedKey:
        """Announce the next key, or set another time for it. Raises StateError."""
        self.announced = announce_next_key(self._path, door=door, begins_at=begins_at)
        self._has_changed = self.has_written = True
        return self.announced

    def rotate(
        self, *, door: str, now: datetime, previous_days: int
    ) -> tuple[SigningKeys, SigningKeys]:
        """Sign with the next key from now on, announced or not; returns (old, new).

        Raises KeyUnusableError and StateError.
        """
        announced = self.announced
        if announced is None or announced.private is None:
            announced = self.announce(door=door, begins_at=now)
        old, self.current = begin_next_key(
            self._path, announced, now=now, previous_days=previous_days
        )
        self.announced = read_announced(self._path)
        self._has_changed = self.has_written = True
        return old, self.current

    def look(self, *, door: str, now: datetime, previous_days: int) -> bool:
        """Begin with an announced key whose time has come; True where the status is to be told.

        `now` is aware and believed. A disk that refuses is tried again at the next look.
        """
        changed, self._has_changed = self._has_changed, False
        announced = self.announced
        if announced is None:
            return changed
        try:
            if announced.private is not None and announced.begins_at <= now:
                old, new = self.rotate(door=door, now=now, previous_days=previous_days)
                LOG.warning("the announced signing key %s signs, after %s", new.keyid, old.keyid)
            elif announced.ends_at is not None and announced.ends_at <= now:
                withdraw(self._path)
                self.announced = None
                self.has_written = True
            else:
                return changed
        except (KeyUnusableError, StateError) as error:
            LOG.warning("%s", error.problem)
            return changed
        self._has_changed = False
        return True
