"""The secure channel's key as editors and installers write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.errors import KeyUnusableError
from edgeverify.osdp_key import load_osdp_key

DIGITS = b"00112233445566778899aabbccddeeff"


@pytest.mark.parametrize("content", [DIGITS, DIGITS + b"\r\n", b"\xef\xbb\xbf" + DIGITS + b"\r\n"])
def test_marks_and_line_ends_are_no_part_of_the_key(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "osdp.key"
    file.write_bytes(content)
    file.chmod(0o600)
    assert load_osdp_key(file) == bytes.fromhex(DIGITS.decode())


@pytest.mark.parametrize("content", [b"", DIGITS[:-1], DIGITS + b"0", "00112233".encode("utf-16")])
def test_another_length_or_encoding_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "osdp.key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(KeyUnusableError, match="32 hexadecimal digits"):
        load_osdp_key(file)
