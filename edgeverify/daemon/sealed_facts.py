"""Facts in the journal that nobody can change without the door's master key.

Are the key files as this door wrote them? Their digests are sealed with the master key. A changed
private key is told by its name (`witness`); a changed end of an old key, or another
key that is announced, by nothing but this.

Is the signing key still the one that this door signed with? The journal remembers which it was.

A key file that was deleted, or changed in a byte, would otherwise become another key without a
word, and every lock would refuse every grant. A rotation keeps the old key's public half in the
file, so that it is told from that.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edgeverify.atomic_file import read_plain
from edgeverify.daemon.signing_key import KeyRing
from edgeverify.domain import Degradation, FaultName
from edgeverify.errors import EXHAUSTED, JournalUnavailableError
from edgeverify.journal import Journal
from edgeverify.key_rotation import NEXT_KEY_FILE
from edgeverify.keys import SigningKeys
from edgeverify.private_sqlite import move_aside
from edgeverify.state import StateDirectory

USED_FACT = "signing_keyid"
"""The key that signed last."""
LOST_FACT = "signing_keyid_lost"
"""A key that went without a rotation; forgotten when it is back, or after a rotation."""


def witness(
    journal: Journal, ring: KeyRing, path: Path, secret: bytes, *, now: datetime
) -> tuple[Degradation, ...]:
    """Compare the key in use with the one remembered, and say where it became another one.

    A file whose key is another one than was used is moved aside: nobody knows who made it. What is
    remembered is authenticated by the master key `secret`. Nothing is said where the journal
    cannot be read.
    """
    try:
        used = _open(journal.fact(USED_FACT), secret)
        lost = _open(journal.fact(LOST_FACT), secret)
        keys = ring.current
        if lost and _follows(keys, lost):
            lost = ""  # it is back
        elif used and not _follows(keys, used):
            lost = used
            if keys.made_at != now:  # it was found there, not made just now
                kept = move_aside(path, now, as_="changed")
                LOG.error("the signing key was changed by somebody else; its file is %s", kept)
                ring.renew(now=now)
        journal.keep_fact(USED_FACT, _seal(ring.current.keyid, secret))
        journal.keep_fact(LOST_FACT, _seal(lost, secret) if lost else "")
    except JournalUnavailableError:
        return ()
    if not lost:
        return ()
    detail = f"key {lost} is gone, {ring.current.keyid} signs"
    LOG.error("%s: %s", FaultName.SIGNING_KEY_REPLACED, detail)
    return (Degradation(name=FaultName.SIGNING_KEY_REPLACED, detail=detail),)


def _follows(keys: SigningKeys, keyid: str) -> bool:
    """Return whether these keys hold that one, or came from it by rotation."""
    return keyid == keys.keyid or any(keyid == old.keyid for old in keys.previous)


def _seal(keyid: str, secret: bytes) -> str:
    said = f"edgeverify.signing-keyid.v1\n{keyid}".encode()
    return f"{keyid} {hmac.new(secret, said, hashlib.sha256).hexdigest()}"


def _open(sealed: str | None, secret: bytes) -> str:
    """Return the key id that was sealed; empty where nothing was, or by another master key."""
    keyid = (sealed or "").partition(" ")[0]
    return keyid if keyid and hmac.compare_digest(sealed or "", _seal(keyid, secret)) else ""


@dataclass(frozen=True, slots=True)
class SealedFacts:
    """Each is kept as its text and an HMAC-SHA-256 over its name and text, in hexadecimal.

    `purpose` keeps the seals of one use apart from those of another.
    """

    journal: Journal
    secret: bytes
    purpose: str

    def read(self, name: str) -> str | None:
        """Return the text; None where there is none, or it was sealed by another key.

        Raises JournalUnavailableError.
        """
        text, _, seal = (self.journal.fact(name) or "").rpartition(" ")
        return text if text and hmac.compare_digest(seal, self._seal(name, text)) else None

    def keep(self, name: str, text: str) -> None:
        """Keep a text, where another is kept. Raises JournalUnavailableError."""
        if self.read(name) != text:
            self.journal.keep_fact(name, f"{text} {self._seal(name, text)}")

    def _seal(self, name: str, text: str) -> str:
        said = f"{self.purpose}\n{name}\n{text}".encode()
        return hmac.new(self.secret, said, hashlib.sha256).hexdigest()


LOG = logging.getLogger(__name__)

PURPOSE = "edgeverify.state-file.v1"
ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class StateFiles:
    """The files beside the databases that decide whose word counts."""

    state: StateDirectory
    facts: SealedFacts

    def look(self) -> tuple[Degradation, ...]:
        """Compare each with what was sealed, and seal what is there now: it is said once a start.

        Nothing is said of a file that was never sealed, and where the journal cannot be read.
        """
        changed = []
        try:
            for path in self._paths:
                sealed, found = self.facts.read(_fact(path)), _digest(path)
                if sealed is not None and found is not None and sealed != found:
                    changed.append(path.name)
            self.keep()
        except JournalUnavailableError:
            return ()
        if not changed:
            return ()
        detail = f"{' and '.join(changed)}: not as this door wrote it"
        LOG.error("%s: %s", FaultName.STATE_CHANGED, detail)
        return (Degradation(name=FaultName.STATE_CHANGED, detail=detail),)

    def keep(self) -> None:
        """Seal what is there, after this door wrote it. Raises JournalUnavailableError."""
        for path in self._paths:
            digest = _digest(path)
            if digest is not None:
                self.facts.keep(_fact(path), digest)

    @property
    def _paths(self) -> tuple[Path, ...]:
        return (self.state.signing_keys, self.state.signing_keys.with_name(NEXT_KEY_FILE))


def _fact(path: Path) -> str:
    return f"file {path.name}"


def _digest(path: Path) -> str | None:
    """Return what the file holds; None where this process can read no file at all."""
    try:
        return hashlib.sha256(read_plain(path)).hexdigest()
    except FileNotFoundError:
        return ABSENT
    except OSError as error:
        return None if error.errno in EXHAUSTED else f"unreadable:{error.errno}"
