"""The owner's Ed25519 key pair, and signing a bundle with it."""

from __future__ import annotations

import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edgeverify.atomic_file import PRIVATE_FILE, PUBLIC_FILE, write_whole
from edgeverify.bundle import signature as signatures
from edgeverify.bundle.canonical_json import sha256_of_file
from edgeverify.bundle.fusion import EmbedderBundle
from edgeverify.bundle.loading import PadBundle
from edgeverify.bundle.verified_folder import MANIFEST_FILE, POINTS_FILE
from edgeverify.errors import KeyUnusableError


def make_key_pair(private: Path, public: Path) -> None:
    """Write a new pair (PEM), the private file 0600; KeyUnusableError where a file exists."""
    for path in (private, public):
        if path.exists():
            raise KeyUnusableError(f"{path} exists", advice="Choose another name; nothing written.")
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    known = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _write_new(private, secret, PRIVATE_FILE)
    try:
        _write_new(public, known, PUBLIC_FILE)
    except KeyUnusableError:
        private.unlink()  # half a pair is none
        raise


def _write_new(path: Path, data: bytes, mode: int) -> None:
    try:
        write_whole(path, data, mode=mode, may_replace=False)
    except OSError as error:
        raise KeyUnusableError(f"cannot write {path}: {error.strerror}") from None


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key that nobody else can read; KeyUnusableError otherwise."""
    data = _read(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyUnusableError(f"{path} can be read by others", advice=f"Run: chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyUnusableError(f"{path} is not an unencrypted private key in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusableError(f"{path} is not an Ed25519 key")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key; KeyUnusableError where it is none."""
    try:
        key = serialization.load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm):
        raise KeyUnusableError(f"{path} is not a public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusableError(f"{path} is not an Ed25519 key")
    return key


def sign_bundle(bundle: EmbedderBundle | PadBundle, key: Ed25519PrivateKey) -> None:
    """Write the signatures over the files, and over the operating points, into the folder."""
    folder = bundle.folder
    message = signatures.bundle_message(
        sha256_of_file(folder / MANIFEST_FILE), bundle.manifest.files
    )
    _write_signature(folder / signatures.MANIFEST_SIGNATURE, signatures.sign(key, message))
    points = folder / POINTS_FILE
    if points.exists():
        message = signatures.points_message(sha256_of_file(points), bundle.manifest.embedding_space)
        _write_signature(folder / signatures.POINTS_SIGNATURE, signatures.sign(key, message))


def _write_signature(path: Path, signature: str) -> None:
    try:
        write_whole(path, signature.encode("ascii"), mode=PUBLIC_FILE)
    except OSError as error:
        raise KeyUnusableError(f"cannot write {path}: {error.strerror}") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyUnusableError(f"cannot read the key {path}: {error.strerror}") from None
