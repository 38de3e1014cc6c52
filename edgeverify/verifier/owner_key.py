"""The public key whose signature a model bundle must bear, where the owner asks for one."""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from edgeverify.errors import KeyUnusableError
from edgeverify.settings import Settings


def owner_key(settings: Settings, folder: Path) -> Ed25519PublicKey | None:
    """Read `model.owner_key_file` (relative to the config's `folder`), None where it is not set.

    Raises KeyUnusableError when it is not an Ed25519 public key in PEM.
    """
    if not settings.model.owner_key_file:
        return None
    path = folder / settings.model.owner_key_file
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusableError(f"model.owner_key_file {path} cannot be read: {error}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusableError(
            f"model.owner_key_file {path} is not an Ed25519 public key",
            advice="`edgeverify-export keygen` makes a pair.",
        )
    return key
