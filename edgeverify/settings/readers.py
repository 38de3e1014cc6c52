"""`claims.keyboard:` and its siblings: card readers at this machine, each with its section."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from typing_extensions import Self

from edgeverify.settings.section import Section


def _hexadecimal(value: str) -> str:
    if not re.fullmatch(r"([0-9A-Fa-f]{2})*", value):
        raise ValueError("must be pairs of hexadecimal digits")
    return value


def _pattern(value: str) -> str:
    try:
        groups = re.compile(value).groups
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from None
    if groups > 1:
        raise ValueError("may have one group, which is the number")
    return value


Hexadecimal = Annotated[str, AfterValidator(_hexadecimal)]
Pattern = Annotated[str, AfterValidator(_pattern)]


class NumberSettings(Section):
    """Turns what a reader gives into the card number of the config, as printed on the card."""

    byte_order: Literal["as_read", "reversed"] = "as_read"
    """`reversed` where the reader turns the bytes round (many USB readers do)."""
    bytes: int = Field(default=0, ge=0, le=32)
    """Keep this many of the lowest bytes; 0: all. With `typed: decimal` and `reversed` it must say
    how many bytes the cards have (4, most of them), because zeros in front are not typed."""
    written: Literal["decimal", "hex", "facility"] = "decimal"
    """`decimal` as most cards show it; `hex` with capital letters; `facility` as 123.45678 (all but
    the last 16 bits, then those)."""
    digits: int = Field(default=0, ge=0, le=64)
    """Zeros in front up to this many digits: 10 for a printed 0012345678."""


class KeyboardSettings(Section):
    """`keyboard`: a USB reader that types the number. It is grabbed: nothing else hears it."""

    device: str = ""
    """Its stable name, such as /dev/input/by-id/usb-Sycreader_RFID-event-kbd."""
    typed: Literal["text", "decimal", "hex"] = "text"
    """`text` takes what is typed as the card number, whatever `number` says; `decimal` and `hex`
    read it as a number, which `number` writes."""
    characters: int = Field(default=0, ge=0, le=64)
    """The reader types exactly this many; others are torn reads. 0: any number."""
    pattern: Pattern = "[0-9A-Z.-]+"
    """What is typed must be this (a regular expression; letters are capitals); its group, if it has
    one, is the number: `([0-9]{10})[0-9]` leaves a check digit out."""
    number: NumberSettings = NumberSettings()


class SerialSettings(Section):
    """`serial`: a reader behind a serial port."""

    port: str = ""
    """Its stable name, such as /dev/serial/by-id/usb-FTDI_FT232R-if00-port0, or /dev/serial0."""
    baud: int = Field(default=9600, ge=1200, le=921600)
    """Bits per second."""
    protocol: Literal["rdm6300", "line"] = "rdm6300"
    """`rdm6300`: frames with a checksum (RDM6300, RDM630, ID-12), of which the
    four bytes behind the version are the number. `line`: one line of text per card."""
    pattern: Pattern = "[0-9A-Za-z]+"
    """`line`: what the whole line must be (a regular expression); its group, if it has one, is the
    number."""
    typed: Literal["text", "decimal", "hex"] = "text"
    """`line`: as for `keyboard`."""
    number: NumberSettings = NumberSettings()


class CardsOwnNumberSettings(NumberSettings):
    """Turns the card's own number (UID) into the card number of the config."""

    written: Literal["decimal", "hex", "facility"] = "hex"
    """`hex` with capital letters; `decimal`; `facility` as 123.45678."""


class PcscSettings(Section):
    """`pcsc`: a contactless reader of the PC/SC service (pcscd)."""

    reader: str = ""
    """Part of its name (`pcsc_scan -r`); empty: the first."""
    application: Hexadecimal = ""
    """Read the number from this application (its AID) instead of taking the card's own number,
    which anybody can copy."""
    file: Hexadecimal = "0001"
    """The application's file (two bytes) that holds the number and its signature."""
    key_file: str = ""
    """PEM public key (Ed25519) of whoever wrote the cards; needed with `application`."""
    number: CardsOwnNumberSettings = CardsOwnNumberSettings()


class WiegandSettings(Section):
    """`wiegand`: a reader on two GPIO lines (through a level shifter: readers give 5 V)."""

    chip: str = "/dev/gpiochip0"
    """The GPIO chip (`gpiodetect` lists them)."""
    data0_line: int = Field(default=23, ge=0, le=1023)
    """The line of D0 on the chip (green)."""
    data1_line: int = Field(default=24, ge=0, le=1023)
    """The line of D1 on the chip (white)."""
    bits: Literal[26, 34, 37] = 26
    """The format: 26 (H10301), 34 or 37 (H10302), with both parities; others are torn reads."""
    number: NumberSettings = NumberSettings()

    @model_validator(mode="after")
    def _each_wire_has_its_line(self) -> Self:
        if self.data0_line == self.data1_line:
            raise ValueError(f"data0_line and data1_line are both {self.data0_line}")
        return self


class OsdpSettings(Section):
    """`osdp`: a reader on RS-485, only with secure channel; this door is its control panel."""

    port: str = ""
    """The RS-485 adapter's stable name, such as /dev/serial/by-id/usb-FTDI_USB-RS485-if00-port0."""
    baud: int = Field(default=9600, ge=9600, le=230400)
    """Bits per second."""
    address: int = Field(default=0, ge=0, le=126)
    """The reader's address on the bus."""
    key_file: str = ""
    """File with the secure channel's key: 32 hexadecimal digits (mode 0600)."""
    bits: Literal[0, 26, 34, 37] = 26
    """The Wiegand format of what the reader sends, whose parities are checked; 0: take all bits."""
    number: NumberSettings = NumberSettings()
