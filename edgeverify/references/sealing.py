"""One reference, sealed: AES-256-GCM under its own data key, which the master key wraps.

AES-GCM: NIST SP 800-38D; nonces are 96 random bits and a data key seals exactly one payload, so no
nonce can repeat under it. The wrapping key is derived with HKDF-SHA256 (RFC 5869). Destroying the
60 wrapped bytes destroys the reference ("cryptographic erase", NIST SP 800-88).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edgeverify.domain import Embedding
from edgeverify.errors import ReferenceUnusableError

PAYLOAD_VERSION = 1
NONCE_BYTES = 12
DATA_KEY_BYTES = 32
WRAPPED_KEY_BYTES = NONCE_BYTES + DATA_KEY_BYTES + 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoEmbedding:
    """What the model made of one photo.

    `photo` is its path as the config names it; `digest` the SHA-256 (hex) of the file's bytes.
    `is_of_camera`: it was taken before the door's own camera, and not elsewhere. `is_small`: fewer
    than SMALL_PHOTO_PIXELS lie between its eyes.
    """

    photo: str
    digest: str
    embedding: Embedding
    is_of_camera: bool = False
    is_small: bool = False


@dataclass(frozen=True, slots=True)
class Sealed:
    """What may lie on a disk: 60 bytes of wrapped key, and nonce with ciphertext and tag."""

    wrapped_key: bytes
    payload: bytes


class Sealer:
    """Seals and opens references under one master key (32 bytes)."""

    def __init__(self, master_secret: bytes) -> None:
        self._wrapping_key = AESGCM(derive(master_secret, b"edgeverify reference keys v1"))
        self._check_key = derive(master_secret, b"edgeverify key check v1")

    def key_check(self) -> bytes:
        """32 bytes that tell whether a store was written under this master key."""
        return hmac.new(self._check_key, b"edgeverify", hashlib.sha256).digest()

    def seal(self, card: str, embedding_space: str, photos: tuple[PhotoEmbedding, ...]) -> Sealed:
        """Seal under a fresh data key, bound to card, model and payload version."""
        data_key = os.urandom(DATA_KEY_BYTES)
        wrap_nonce, nonce = os.urandom(NONCE_BYTES), os.urandom(NONCE_BYTES)
        wrapped = self._wrapping_key.encrypt(wrap_nonce, data_key, _wrap_bound_to(card))
        bound_to = _bound_to(card, embedding_space)
        return Sealed(
            wrapped_key=wrap_nonce + wrapped,
            payload=nonce + AESGCM(data_key).encrypt(nonce, _encode(photos), bound_to),
        )

    def rewrap(self, card: str, wrapped_key: bytes, other: Sealer) -> bytes:
        """Return a reference's data key as `other` wraps it.

        A key that was altered stays as it is: its reference is refused by name, as it was before.
        """
        try:
            data_key = self._wrapping_key.decrypt(
                wrapped_key[:NONCE_BYTES], wrapped_key[NONCE_BYTES:], _wrap_bound_to(card)
            )
        except (InvalidTag, ValueError):
            return wrapped_key
        nonce = os.urandom(NONCE_BYTES)
        return nonce + other._wrapping_key.encrypt(nonce, data_key, _wrap_bound_to(card))

    def open(self, card: str, embedding_space: str, sealed: Sealed) -> tuple[PhotoEmbedding, ...]:
        """Undo `seal`. Raises ReferenceUnusableError when anything of it was altered or moved."""
        try:
            data_key = self._wrapping_key.decrypt(
                sealed.wrapped_key[:NONCE_BYTES],
                sealed.wrapped_key[NONCE_BYTES:],
                _wrap_bound_to(card),
            )
            plain = AESGCM(data_key).decrypt(
                sealed.payload[:NONCE_BYTES],
                sealed.payload[NONCE_BYTES:],
                _bound_to(card, embedding_space),
            )
            return _decode(plain, embedding_space)
        except (InvalidTag, ValueError, KeyError, TypeError):
            raise ReferenceUnusableError(
                f"the reference of card {card} cannot be opened: it was altered, or sealed "
                "under another key",
                advice="It is made again from its photo at the next start or reload.",
            ) from None


def derive(secret: bytes, purpose: bytes) -> bytes:
    """Return 32 bytes for one purpose of the master key (HKDF-SHA256)."""
    return HKDF(hashes.SHA256(), length=32, salt=None, info=purpose).derive(secret)


def _wrap_bound_to(card: str) -> bytes:
    return b"edgeverify.reference-key.v1\n" + card.encode()


def _bound_to(card: str, embedding_space: str) -> bytes:
    fields = {"card": card, "embedding_space": embedding_space, "schema_version": PAYLOAD_VERSION}
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def _encode(photos: tuple[PhotoEmbedding, ...]) -> bytes:
    rows = [
        {
            "photo": photo.photo,
            "digest": photo.digest,
            "values": b64encode(photo.embedding.values.astype("<f4").tobytes()).decode(),
            # Left out where it is not so: an older release reads the row as it always was.
            **({"is_of_camera": True} if photo.is_of_camera else {}),
            **({"is_small": True} if photo.is_small else {}),
        }
        for photo in photos
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def _decode(plain: bytes, embedding_space: str) -> tuple[PhotoEmbedding, ...]:
    photos = tuple(
        PhotoEmbedding(
            photo=row["photo"],
            digest=row["digest"],
            embedding=Embedding(
                values=np.frombuffer(b64decode(row["values"]), dtype="<f4").astype(np.float32),
                embedding_space=embedding_space,
            ),
            is_of_camera=row.get("is_of_camera") is True,
            is_small=row.get("is_small") is True,
        )
        for row in json.loads(plain)
    )
    if not photos:
        raise ValueError("a reference holds at least one photo's embedding")
    return photos
