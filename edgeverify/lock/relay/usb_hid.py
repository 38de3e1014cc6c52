"""USB relay boards that speak HID (16c0:05df, "USBRelay1" to "USBRelay8").

Feature report 0 of eight bytes moves a relay (255 on, 253 off, then its number); report 1 gives the
board's five letters and, in its eighth byte, a bit a relay. Source: the behaviour that
github.com/pavel-a/usb-relay-hid documents for these boards.
"""

from __future__ import annotations

from types import ModuleType

from edgeverify.lock.relay.output import RelayError
from edgeverify.lock.settings import HidRelay

VENDOR, PRODUCT = 0x16C0, 0x05DF
ON, OFF = 0xFF, 0xFD
REPORT_BYTES = 9
"""The report's number and eight bytes."""


class HidOutput:
    """One relay of a board; the board's own word is read back after each move."""

    def __init__(self, settings: HidRelay, hid: ModuleType) -> None:
        """`hid` is cython-hidapi's `hidraw`."""
        self._channel = settings.channel
        self._device = self._open(settings, hid)

    def put(self, *, released: bool, energised: bool) -> None:  # noqa: ARG002 - the contract's
        """Move the coil, and ask the board whether it moved."""
        command = [0, ON if energised else OFF, self._channel, 0, 0, 0, 0, 0, 0]
        try:
            if self._device.send_feature_report(bytes(command)) < 0:
                raise RelayError("The USB relay board does not take a command.")
            state = self._device.get_feature_report(1, REPORT_BYTES)
        except (OSError, ValueError) as error:
            raise RelayError(f"The USB relay board cannot be reached: {error}.") from None
        if len(state) < 8 or bool(state[7] >> (self._channel - 1) & 1) is not energised:
            raise RelayError(f"Relay {self._channel} of the USB board did not move.")

    def close(self) -> None:
        """Close the device."""
        self._device.close()

    def _open(self, settings: HidRelay, hid: ModuleType):  # type: ignore[no-untyped-def]  # noqa: ANN202 - hidapi has no types
        try:
            boards = [each["path"] for each in hid.enumerate(VENDOR, PRODUCT)]
            for path in boards:
                device = hid.device()
                device.open_path(path)
                letters = bytes(device.get_feature_report(1, REPORT_BYTES)[:5])
                if not settings.serial or letters == settings.serial.encode():
                    if not settings.serial and len(boards) > 1:
                        device.close()
                        raise RelayError(
                            f"{len(boards)} USB relay boards are plugged in. Name one with "
                            "relay.serial."
                        )
                    return device
                device.close()
        except (OSError, ValueError) as error:
            raise RelayError(f"The USB relay board cannot be opened: {error}.") from None
        wanted = f" {settings.serial!r}" if settings.serial else ""
        raise RelayError(f"No USB relay board{wanted} (16c0:05df) is plugged in.")
