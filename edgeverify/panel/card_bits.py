"""From a card number of the config to the bits that the panel knows the card by. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgeverify.claims.wiegand_format import framed
from edgeverify.settings import PanelCardSettings

NUMBER_BITS = 16
"""Behind a facility code, as in `claims.*.number`."""

_FACILITY = re.compile(r"([0-9]{1,5})[.,]([0-9]{1,5})")
_DECIMAL = re.compile(r"[0-9]+")
_HEX = re.compile(r"[0-9A-Fa-f]+")


@dataclass(frozen=True, slots=True)
class CardBits:
    """`count` bits in `data`, from the highest bit of its first byte; the rest is zero."""

    data: bytes
    count: int
    has_parities: bool


def card_bits(card: str, settings: PanelCardSettings) -> CardBits:
    """Return what the panel gets for a card. Raises ValueError, a sentence for people."""
    width = settings.number_bits
    number = _number(card, settings)
    if number >> width:
        raise ValueError(f"card {card!r} does not fit into {settings.bits} bits")
    if settings.byte_order == "reversed":
        number = int.from_bytes(number.to_bytes(width // 8, "big"), "little")
    has_parities = settings.format == "wiegand"
    if has_parities:
        number = int("".join(map(str, framed(number, settings.bits))), 2)
    size = (settings.bits + 7) // 8
    padded = number << (8 * size - settings.bits)
    return CardBits(padded.to_bytes(size, "big"), settings.bits, has_parities)


def _number(card: str, settings: PanelCardSettings) -> int:
    if settings.written == "hex":
        if not _HEX.fullmatch(card):
            raise ValueError(f"card {card!r} is not hexadecimal")
        return int(card, 16)
    if settings.written == "facility":
        parts = _FACILITY.fullmatch(card)
        if parts is None:
            raise ValueError(f"card {card!r} is not written as facility code and number, 18.54919")
        return _joined(card, int(parts[1]), int(parts[2]))
    if not _DECIMAL.fullmatch(card):
        raise ValueError(f"card {card!r} is not a decimal number")
    if settings.facility is not None:
        return _joined(card, settings.facility, int(card))
    return int(card)


def _joined(card: str, facility: int, number: int) -> int:
    if number >> NUMBER_BITS:
        raise ValueError(f"card {card!r} does not fit into {NUMBER_BITS} bits behind a facility")
    return facility << NUMBER_BITS | number
