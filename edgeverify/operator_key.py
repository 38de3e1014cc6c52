"""An operator's own key: one private file, and beside it the number of the last command."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from edgeverify.atomic_file import advice_on, read_plain, write_whole
from edgeverify.errors import KeyUnusableError, StateError
from edgeverify.keys import key_id, public_pem
from edgeverify.private_files import read_private

WHAT = "the operator's key"
MAX_BYTES = 4096
ADVICE = "Make one: `edgeverify operator key FILE`."


@dataclass(frozen=True, slots=True)
class OperatorKey:
    """A key that signs commands; never printed."""

    private: Ed25519PrivateKey
    file: Path

    @property
    def keyid(self) -> str:
        """Its name."""
        return key_id(self.private.public_key())

    @property
    def public_pem(self) -> str:
        """What `commands.operator_keys` takes."""
        return public_pem(self.private.public_key())

    def next_sequence(self, now: datetime) -> int:
        """Return a number above every earlier one of this key, kept on disk before it is used.

        It is the time in milliseconds, so that copies of a key on two machines do not repeat
        numbers. Raises StateError where it cannot be kept.
        """
        file = self.file.with_name(f"{self.file.name}.sequence")
        try:
            last = int(read_plain(file).decode("ascii").strip() or 0)
        except FileNotFoundError:
            last = 0
        except (OSError, ValueError):
            raise StateError(
                f"{file}, which keeps the number of the last command, cannot be read",
                advice="Delete it where this machine's clock is right: numbers follow the time.",
            ) from None
        number = max(last + 1, int(now.timestamp() * 1000))
        try:
            write_whole(file, f"{number}\n".encode())
        except OSError as error:
            raise StateError(
                f"cannot write {file}, which keeps the number of the last command: "
                f"{error.strerror}",
                advice=advice_on(error),
            ) from None
        return number

    def __repr__(self) -> str:
        return f"OperatorKey(keyid={self.keyid!r})"


def make_operator_key(file: Path) -> OperatorKey:
    """Make a key in a new file (mode 0600). Raises KeyUnusableError where one is there."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        write_whole(file, pem, may_replace=False)
    except FileExistsError:
        raise KeyUnusableError(
            f"{file} is there already", advice="Name another file, or use the key that it holds."
        ) from None
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise KeyUnusableError(f"cannot write {file}: {reason}") from None
    return OperatorKey(private, file)


def read_operator_key(file: Path) -> OperatorKey:
    """Read a key. Raises KeyUnusableError."""
    content = read_private(file, what=WHAT, limit=MAX_BYTES)
    try:
        private = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyUnusableError(f"{WHAT} cannot be read: {file}", advice=ADVICE) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyUnusableError(f"{WHAT} is not an Ed25519 key: {file}", advice=ADVICE)
    return OperatorKey(private, file)
