"""`osdp_reader:`: an access-control panel that takes this door for its card reader."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from edgeverify.settings.section import Section

WIEGAND_BITS = (26, 34, 37)
PanelColor = Literal["red", "green", "amber", "blue", "magenta", "cyan", "white"]
"""The colours of OSDP 2.2, table of LED colours."""


class PanelCardSettings(Section):
    """From a card number of `staff` to the bits that the panel knows the card by."""

    format: Literal["wiegand", "raw"] = "wiegand"
    """`wiegand`: the number between its two parities; `raw`: the number alone."""
    bits: int = Field(default=26, ge=8, le=256)
    """How many bits the panel gets: 26 (H10301), 34 or 37 (H10302) for `wiegand`, with the
    parities; any number for `raw`, such as 32 or 56 for a card's own number."""
    written: Literal["decimal", "hex", "facility"] = "decimal"
    """How the numbers stand in `staff`: `decimal`; `hex`; `facility` as 123.45678 (facility code,
    and 16 bits of card number)."""
    facility: int | None = Field(default=None, ge=0, le=65535)
    """Put this facility code in front of a `decimal` number of 16 bits, where the numbers in
    `staff` go without one; null: none."""
    byte_order: Literal["as_written", "reversed"] = "as_written"
    """`reversed` where the panel knows the number with its bytes turned round."""

    @property
    def number_bits(self) -> int:
        """How many bits the number itself has."""
        return self.bits - 2 if self.format == "wiegand" else self.bits

    @model_validator(mode="after")
    def _format_exists(self) -> Self:
        if self.format == "wiegand" and self.bits not in WIEGAND_BITS:
            raise ValueError(
                f"bits is 26, 34 or 37 for format 'wiegand', not {self.bits}; "
                "format 'raw' sends any number of bits"
            )
        if self.facility is not None and self.written != "decimal":
            raise ValueError("facility needs written 'decimal': the numbers hold none themselves")
        if self.facility is not None and self.facility.bit_length() > self.number_bits - 16:
            raise ValueError(f"facility {self.facility} does not fit into {self.bits} bits")
        if self.byte_order == "reversed" and self.number_bits % 8:
            raise ValueError(
                f"byte_order 'reversed' needs whole bytes, not {self.number_bits} bits"
            )
        return self


class OsdpReaderSettings(Section):
    """An access-control panel takes this door for its reader (docs/osdp-reader.md); off by default.

    The panel hears of a card once the face was verified, and then decides.
    """

    enabled: bool = False
    """Be the panel's reader. The section is read at start."""
    port: str = ""
    """The RS-485 adapter's stable name, such as /dev/serial/by-id/usb-FTDI_USB-RS485-if00-port0."""
    baud: int = Field(default=9600, ge=9600, le=230400)
    """Bits per second, as the panel speaks."""
    address: int = Field(default=0, ge=0, le=126)
    """The address on the bus that the panel has for this reader."""
    key_file: str = ""
    """File with the secure channel's key: 32 hexadecimal digits (mode 0600)."""
    accept_no_secure_channel: bool = False
    """Speak without secure channel: whoever reaches the wire reads the cards, and can send them
    again. Instead of `key_file`; shown as degraded for ever."""
    granted_color: PanelColor = "green"
    """The light by which the panel says that the door opens."""
    denied_color: PanelColor = "red"
    """The light by which the panel says that it does not."""
    answer_seconds: float = Field(default=3.0, ge=0.5, le=15)
    """How long the screen waits for the panel's answer before it says that none came."""
    card: PanelCardSettings = PanelCardSettings()

    @model_validator(mode="after")
    def _can_speak(self) -> Self:
        if self.granted_color == self.denied_color:
            raise ValueError("granted_color and denied_color must differ")
        if self.key_file and self.accept_no_secure_channel:
            raise ValueError("has key_file and accept_no_secure_channel; take one of them out")
        if not self.enabled:
            return self
        if not self.port:
            raise ValueError("enabled needs port, the RS-485 adapter's name")
        if not self.key_file and not self.accept_no_secure_channel:
            raise ValueError(
                "enabled needs key_file, the secure channel's key (or, for a panel that has none, "
                "accept_no_secure_channel: true)"
            )
        return self
