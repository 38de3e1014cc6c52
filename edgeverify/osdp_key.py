"""The key of an OSDP secure channel (SCBK), in a file that nobody else can read."""

from __future__ import annotations

from pathlib import Path

from edgeverify.errors import KeyUnusableError
from edgeverify.private_files import read_private

KEY_BYTES = 16


def load_osdp_key(path: Path) -> bytes:
    """Return the key, 16 bytes. Raises KeyUnusableError."""
    try:
        key = bytes.fromhex(read_private(path, what="the OSDP key", limit=256).decode("utf-8-sig"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyUnusableError(f"the OSDP key must be 32 hexadecimal digits: {path}")
    return key
