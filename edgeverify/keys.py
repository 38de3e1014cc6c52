"""The two secrets of a door: the master key and the Ed25519 signing key.

The master key (32 bytes) wraps every reference's own key. It comes from a systemd credential or a
file, else it is made on first start in the state directory. The signing key signs decisions; after
a rotation the public half of the old one is kept for as long as subscribers should accept it.
"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import BaseModel, ConfigDict, ValidationError

from edgeverify.atomic_file import advice_on, write_whole
from edgeverify.errors import KeyUnusableError, StateError
from edgeverify.home_folder import expanded
from edgeverify.private_files import credential_path, read_credential, read_private

MASTER_KEY_BYTES = 32
MAX_KEY_FILE_BYTES = 4096
MAX_PREVIOUS = 64
"""Retired keys whose public halves are kept."""
MASTER_KEY_CREDENTIAL = "master-key"
"""The systemd credential that is used when `keys.master_key_file` is empty and it exists."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """32 secret bytes and where they came from; never printed."""

    secret: bytes
    source: str

    def __repr__(self) -> str:
        return f"MasterKey(source={self.source!r})"


def load_master_key(
    setting: str,
    *,
    config_folder: Path,
    default: Path,
    environ: Mapping[str, str],
    may_create: bool,
) -> MasterKey:
    """Find the master key, or make it at `default` when nothing else is set and `may_create`.

    `setting` is `keys.master_key_file`: a path (relative to `config_folder`), or the name of a
    systemd credential, which commands outside the service read where systemd takes it from. Raises
    KeyUnusableError when it is absent, readable by others, or not exactly 32 bytes, and StateError
    where the disk does not let it be made.
    """
    name = setting or MASTER_KEY_CREDENTIAL
    credential = credential_path(name, config_folder, environ, is_named=bool(setting))
    plain = config_folder / expanded(Path(setting)) if setting else default
    # Outside the service: until it has taken a new credential over, the key that is there counts.
    if credential is not None and (environ.get("CREDENTIALS_DIRECTORY") or not plain.exists()):
        what, limit = "the master key", MAX_KEY_FILE_BYTES
        secret = read_credential(credential, what=what, limit=limit, environ=environ)
        return _master_key(secret, credential)
    if setting:
        return _read_master_key(plain)
    if may_create and not default.exists():
        try:
            write_whole(default, os.urandom(MASTER_KEY_BYTES))
        except OSError as error:
            # Not the configuration's fault: systemd tries again, and there may be space by then.
            raise StateError(
                f"the master key cannot be made: {default}: {error.strerror}"
            ) from None
    if not default.exists():
        raise KeyUnusableError(
            f"the master key is absent: {default} does not exist",
            advice="Put it back there or as the credential master-key; or move references.sqlite "
            "away, and references are made again from the photos.",
        )
    return _read_master_key(default)


def _read_master_key(path: Path) -> MasterKey:
    return _master_key(read_private(path, what="the master key", limit=MAX_KEY_FILE_BYTES), path)


def _master_key(secret: bytes, path: Path) -> MasterKey:
    if len(secret) != MASTER_KEY_BYTES:
        raise KeyUnusableError(
            f"the master key must be {MASTER_KEY_BYTES} raw bytes, and {path} has {len(secret)}",
            advice=f"Make one: `head -c {MASTER_KEY_BYTES} /dev/urandom > FILE; chmod 600 FILE`.",
        )
    return MasterKey(secret, str(path))


def key_id(public: Ed25519PublicKey) -> str:
    """Name a signing key: the first 16 hexadecimal digits of the SHA-256 of its 32 raw bytes."""
    return hashlib.sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def public_pem(public: Ed25519PublicKey) -> str:
    """Write a public key as subscribers, openssl and `--verify-key` take it (SPKI, PEM)."""
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass(frozen=True, slots=True)
class PreviousKey:
    """A signing key that signs no more; decisions signed by it count until `accepted_until`."""

    public: Ed25519PublicKey
    keyid: str
    accepted_until: datetime


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The key that signs now, and those that subscribers should still accept."""

    private: Ed25519PrivateKey
    keyid: str
    made_at: datetime
    previous: tuple[PreviousKey, ...] = ()

    @property
    def public(self) -> Ed25519PublicKey:
        """What subscribers verify with."""
        return self.private.public_key()

    def accepted(self, now: datetime) -> dict[str, Ed25519PublicKey]:
        """Return every key id that counts at `now` (aware), with its public key."""
        old = {key.keyid: key.public for key in self.previous if key.accepted_until > now}
        return {self.keyid: self.public} | old

    def ever(self) -> dict[str, Ed25519PublicKey]:
        """Return every key that has signed, as far as they are kept, by key id."""
        return {self.keyid: self.public} | {old.keyid: old.public for old in self.previous}

    def __repr__(self) -> str:
        return f"SigningKeys(keyid={self.keyid!r}, previous={len(self.previous)})"


def load_signing_keys(path: Path, *, now: datetime) -> SigningKeys:
    """Read the signing keys, or make them on first start.

    Raises KeyUnusableError, and StateError where the disk does not let them be made.
    """
    if not path.exists():
        keys = _new_keys(now, ())
        save_signing_keys(path, keys)
        return keys
    return read_signing_keys(path)


def read_signing_keys(path: Path) -> SigningKeys:
    """Read the signing keys, making none. Raises KeyUnusableError, also where there are none."""
    if not path.exists():
        raise KeyUnusableError(
            f"there is no signing key yet: {path} does not exist",
            advice="The daemon makes it at its first start; is --state right?",
        )
    content = read_private(path, what="the signing key", limit=1 << 20)
    try:
        return _from_record(_KeyFile.model_validate_json(content))
    except (ValidationError, ValueError, UnsupportedAlgorithm):
        raise KeyUnusableError(
            f"the signing key file {path} is damaged",
            advice="Restore it from a backup; or move it away, and a new key is made, which every "
            "subscriber must then be given (`edgeverify keys show`).",
        ) from None


def rotate_signing_keys(
    path: Path,
    *,
    now: datetime,
    previous_days: int,
    private: Ed25519PrivateKey | None = None,
) -> tuple[SigningKeys, SigningKeys]:
    """Sign with `private`, or a new key; the old one counts for `previous_days` more.

    Returns (old, new). The old private key is gone afterwards.
    """
    old = read_signing_keys(path)
    retired = PreviousKey(old.public, old.keyid, now + timedelta(days=previous_days))
    # Those that count no more stay: they tell a door that slept over rotations whence its key came.
    new = _new_keys(now, (retired, *old.previous)[:MAX_PREVIOUS], private)
    save_signing_keys(path, new)
    return old, new


def save_signing_keys(path: Path, keys: SigningKeys) -> None:
    """Write all of it as one private file, atomically. Raises StateError."""
    record = _KeyFile(
        schema_version=1,
        private=b64encode(keys.private.private_bytes_raw()).decode(),
        made_at=keys.made_at,
        previous=tuple(
            _PreviousRecord(
                public=b64encode(key.public.public_bytes_raw()).decode(),
                accepted_until=key.accepted_until,
            )
            for key in keys.previous
        ),
    )
    text = json.dumps(record.model_dump(mode="json"), indent=1) + "\n"
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise StateError(
            f"the signing key cannot be kept: {path}: {error.strerror}", advice=advice_on(error)
        ) from None


class _PreviousRecord(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    public: str
    accepted_until: datetime


class _KeyFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    schema_version: int
    private: str
    made_at: datetime
    previous: tuple[_PreviousRecord, ...] = ()


def _new_keys(
    now: datetime, previous: tuple[PreviousKey, ...], private: Ed25519PrivateKey | None = None
) -> SigningKeys:
    private = private or Ed25519PrivateKey.generate()
    return SigningKeys(private, key_id(private.public_key()), now, previous)


def _from_record(record: _KeyFile) -> SigningKeys:
    if record.schema_version != 1:
        raise ValueError("unknown schema")
    private = Ed25519PrivateKey.from_private_bytes(b64decode(record.private, validate=True))
    previous = []
    for old in record.previous:
        public = Ed25519PublicKey.from_public_bytes(b64decode(old.public, validate=True))
        previous.append(PreviousKey(public, key_id(public), old.accepted_until))
    return SigningKeys(private, key_id(private.public_key()), record.made_at, tuple(previous))
