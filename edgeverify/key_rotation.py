"""The next signing key: announced in the status first, and signing only after a stated time.

It lies in a file beside the key that signs now, with its announcement as that key has signed it.
Once it signs, the announcement stays for as long as the old key counts, so that a lock that was
away meanwhile can still learn it.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, ValidationError

from edgeverify.atomic_file import advice_on, write_whole
from edgeverify.errors import KeyUnusableError, StateError
from edgeverify.events import NextKey, announce, key_id
from edgeverify.keys import SigningKeys, read_signing_keys, rotate_signing_keys
from edgeverify.private_files import read_private

NEXT_KEY_FILE = "next-signing-key.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedKey:
    """A key that is announced. `private` is None once it signs; then it is shown until `ends_at`.

    `record` is what the status holds under `next_key`.
    """

    public: Ed25519PublicKey
    private: Ed25519PrivateKey | None
    begins_at: datetime
    ends_at: datetime | None
    record: Mapping[str, str]

    @property
    def keyid(self) -> str:
        """Its name."""
        return key_id(self.public)

    def __repr__(self) -> str:
        return f"AnnouncedKey(keyid={self.keyid!r}, begins_at={self.begins_at})"


def read_announced(signing_keys: Path) -> AnnouncedKey | None:
    """Return the key that is announced beside the file `signing_keys`, None where none is.

    Raises KeyUnusableError where its file cannot be used.
    """
    path = signing_keys.with_name(NEXT_KEY_FILE)
    if not path.exists():
        return None
    content = read_private(path, what="the next signing key", limit=1 << 16)
    try:
        return _from_record(_NextKeyFile.model_validate_json(content))
    except (ValidationError, ValueError):
        raise KeyUnusableError(
            f"the file of the next signing key {path} is damaged",
            advice="Remove it: the key in use goes on signing; `keys rotate` announces another.",
        ) from None


def announce_next_key(signing_keys: Path, *, door: str, begins_at: datetime) -> AnnouncedKey:
    """Make the next key of `door`, or set another time for one that is announced already.

    Raises KeyUnusableError and StateError.
    """
    current = read_signing_keys(signing_keys)
    earlier = read_announced(signing_keys)
    private = None if earlier is None else earlier.private
    private = private or Ed25519PrivateKey.generate()
    following = NextKey(door=door, public=private.public_key(), begins_at=begins_at)
    made = AnnouncedKey(
        public=following.public,
        private=private,
        begins_at=begins_at,
        ends_at=None,
        record={key: str(value) for key, value in announce(following, current).items()},
    )
    _keep(signing_keys, made)
    return made


def begin_next_key(
    signing_keys: Path, announced: AnnouncedKey, *, now: datetime, previous_days: int
) -> tuple[SigningKeys, SigningKeys]:
    """Let the announced key sign from now on; the old one counts for `previous_days` more.

    Returns (old, new). Killed in between, the next call finishes it. Raises KeyUnusableError and
    StateError.
    """
    old = new = read_signing_keys(signing_keys)
    if new.keyid != announced.keyid:
        old, new = rotate_signing_keys(
            signing_keys, now=now, previous_days=previous_days, private=announced.private
        )
    _keep(
        signing_keys, replace(announced, private=None, ends_at=now + timedelta(days=previous_days))
    )
    return old, new


def withdraw(signing_keys: Path) -> None:
    """Take the announcement away, once the old key no longer counts. Raises StateError."""
    path = signing_keys.with_name(NEXT_KEY_FILE)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StateError(f"{path} cannot be removed: {error.strerror}") from None


def accepted_keys(signing_keys: Path, now: datetime) -> dict[str, Ed25519PublicKey]:
    """Return every key that a subscriber should accept at `now`, the announced one too, by key id.

    Nothing is made. Raises KeyUnusableError.
    """
    accepted = read_signing_keys(signing_keys).accepted(now)
    announced = read_announced(signing_keys)
    return accepted if announced is None else accepted | {announced.keyid: announced.public}


class _NextKeyFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    schema_version: int
    public: str
    private: str
    begins_at: datetime
    ends_at: datetime | None
    announcement: dict[str, str]


def _from_record(kept: _NextKeyFile) -> AnnouncedKey:
    public = Ed25519PublicKey.from_public_bytes(_bytes(kept.public))
    private = Ed25519PrivateKey.from_private_bytes(_bytes(kept.private)) if kept.private else None
    if private is not None and key_id(private.public_key()) != key_id(public):
        raise ValueError("the halves of the next key do not belong together")
    return AnnouncedKey(
        public=public,
        private=private,
        begins_at=kept.begins_at,
        ends_at=kept.ends_at,
        record=kept.announcement,
    )


def _keep(signing_keys: Path, key: AnnouncedKey) -> None:
    path = signing_keys.with_name(NEXT_KEY_FILE)
    record = _NextKeyFile(
        schema_version=1,
        public=b64encode(key.public.public_bytes_raw()).decode(),
        private="" if key.private is None else b64encode(key.private.private_bytes_raw()).decode(),
        begins_at=key.begins_at,
        ends_at=key.ends_at,
        announcement=dict(key.record),
    )
    try:
        write_whole(path, (json.dumps(record.model_dump(mode="json"), indent=1) + "\n").encode())
    except OSError as error:
        raise StateError(
            f"the next signing key cannot be kept: {path}: {error.strerror}",
            advice=advice_on(error),
        ) from None


def _bytes(text: str) -> bytes:
    return b64decode(text, validate=True)
