"""From what a reader gives to the card number in the config. Pure."""

from __future__ import annotations

import re
from typing import Literal

from edgeverify.settings.readers import NumberSettings

FACILITY_BITS = 16
"""Behind the facility code stand 16 bits of card number, as on cards with `123,45678`."""


class TornReadError(ValueError):
    """What came is not what a whole card gives; it is counted, and nobody is claimed."""


def written(raw: bytes, settings: NumberSettings) -> str:
    """Return the number of a card whose bytes are `raw`, highest first. Raises TornReadError."""
    if not raw:
        raise TornReadError("no bytes")
    ordered = raw[::-1] if settings.byte_order == "reversed" else raw
    if settings.bytes:
        if len(ordered) < settings.bytes:
            raise TornReadError(f"{len(ordered)} bytes where {settings.bytes} are expected")
        ordered = ordered[-settings.bytes :]
    number = int.from_bytes(ordered, "big")
    if settings.written == "hex":
        text = ordered.hex().upper()
    elif settings.written == "facility":
        text = f"{number >> FACILITY_BITS}.{number & 0xFFFF:05d}"
    else:
        text = str(number)
    return text.rjust(settings.digits, "0")


def matched(text: str, pattern: str, key: str) -> str:
    """Return the number within `text`: the pattern's group, or all of it. Raises TornReadError.

    The whole text must fit; `key` is where the pattern stands.
    """
    fits = re.fullmatch(pattern, text)
    if fits is None:
        raise TornReadError(f"it is not what {key} says")
    return (fits[1] if fits.re.groups else fits[0]) or ""


def from_text(text: str, typed: Literal["text", "decimal", "hex"], settings: NumberSettings) -> str:
    """Return the card number for what a reader types. Raises TornReadError."""
    if typed == "text":
        return text
    if typed == "hex":
        try:
            raw = bytes.fromhex(text)
        except ValueError:
            raise TornReadError("not pairs of hexadecimal digits") from None
        return written(raw, settings)
    if not (text.isascii() and text.isdecimal()):
        raise TornReadError("not a decimal number")
    number = int(text)
    needed = max(1, (number.bit_length() + 7) // 8)
    # To turn them round one must know how many there are: zeros in front are not typed.
    if settings.byte_order == "reversed" and needed > settings.bytes:
        raise TornReadError(f"a number of more than {settings.bytes} bytes")
    return written(number.to_bytes(max(needed, settings.bytes), "big"), settings)
