"""The owner's signature over a bundle, so that a door accepts only models of its owner.

Two detached Ed25519 signatures, base64: `manifest.sig` over the canonical list of all files with
their hashes, the manifest's included, and `operating-points.sig` over the operating points, so
that measuring thresholds again leaves the model's signature as it is.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edgeverify.atomic_file import read_plain
from edgeverify.bundle.canonical_json import canonical_json
from edgeverify.errors import BundleError

MANIFEST_SIGNATURE = "manifest.sig"
POINTS_SIGNATURE = "operating-points.sig"
_BUNDLE_DOMAIN = b"edgeverify.bundle.v1\n"
_POINTS_DOMAIN = b"edgeverify.operating-points.v1\n"


def bundle_message(manifest_sha256: str, files: dict[str, str]) -> bytes:
    """Return the bytes that `manifest.sig` signs; hashes are hex SHA-256."""
    return _BUNDLE_DOMAIN + canonical_json({**files, "manifest.json": manifest_sha256})


def points_message(points_sha256: str, embedding_space: str) -> bytes:
    """Return the bytes that `operating-points.sig` signs: the file's hash, for this model only."""
    return _POINTS_DOMAIN + canonical_json(
        {"operating-points.json": points_sha256, "embedding_space": embedding_space}
    )


def sign(key: Ed25519PrivateKey, message: bytes) -> str:
    """Sign; base64 text with a newline, as the `.sig` files hold it."""
    return base64.b64encode(key.sign(message)).decode("ascii") + "\n"


def require_signature(key: Ed25519PublicKey, path: Path, message: bytes) -> None:
    """Check a `.sig` file; BundleError where it is absent, malformed or by another key."""
    advice = "Sign the bundle with `edgeverify-export sign`, or unset model.owner_key_file."
    try:
        signature = base64.b64decode(read_plain(path).decode("ascii").strip(), validate=True)
    except FileNotFoundError:
        raise BundleError(
            f"{path} is missing, and only bundles signed by their owner are accepted",
            advice=advice,
        ) from None
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, binascii.Error):
        raise BundleError(f"{path} is not a signature", advice=advice) from None
    try:
        key.verify(signature, message)
    except InvalidSignature:
        raise BundleError(
            f"{path} does not fit: the bundle was altered, or signed with another key",
            advice=advice,
        ) from None
