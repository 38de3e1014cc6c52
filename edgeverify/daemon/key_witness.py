"""Is the signing key still the one that this door signed with? The journal remembers which it was.

A key file that was deleted, or changed in a byte, would otherwise become another key without a
word, and every lock would refuse every grant. A rotation keeps the old key's public half in the
file, so that it is told from that.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from datetime import datetime
from pathlib import Path

from edgeverify.daemon.signing_key import KeyRing
from edgeverify.domain import Degradation, FaultName
from edgeverify.errors import JournalUnavailableError
from edgeverify.journal import Journal
from edgeverify.keys import SigningKeys
from edgeverify.private_sqlite import move_aside

LOG = logging.getLogger(__name__)

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
