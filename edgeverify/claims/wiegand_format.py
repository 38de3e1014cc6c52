"""Wiegand formats of 26, 34 and 37 bits: two parities around the number. Pure.

26 (H10301) and 34: even parity over the first half, odd over the second. 37 (H10302): each parity
covers 18 of the 35 bits, so that both cover the middle one. Source: HID, "Understanding card data
formats", 2006.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeverify.claims.card_number import TornReadError


def payload(bits: Sequence[int], length: int) -> bytes:
    """Return the number between the parities as bytes, highest first. Raises TornReadError.

    `length` 0 takes whatever came, without any check.
    """
    if not length:
        return _bytes(bits)
    if len(bits) != length:
        raise TornReadError(f"{len(bits)} bits where {length} are expected")
    half = (length + 1) // 2
    if sum(bits[:half]) % 2 or not sum(bits[-half:]) % 2:
        raise TornReadError("a parity does not fit")
    return _bytes(bits[1:-1])


def framed(number: int, length: int) -> list[int]:
    """Return `length` bits: the number between its parities, as `payload` takes it apart.

    Raises ValueError where the number has more bits than lie between them.
    """
    between = length - 2
    if number < 0 or number >> between:
        raise ValueError(f"{number} does not fit into {between} bits")
    bits = [number >> at & 1 for at in reversed(range(between))]
    half = (length + 1) // 2 - 1
    return [sum(bits[:half]) % 2, *bits, 1 - sum(bits[-half:]) % 2]


def _bytes(bits: Sequence[int]) -> bytes:
    if not bits:
        raise TornReadError("no bits")
    number = int("".join(map(str, bits)), 2)
    return number.to_bytes((len(bits) + 7) // 8, "big")
