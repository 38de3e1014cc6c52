"""USB relay boards behind a serial port (CH340, sold as LCUS): A0, channel, state, sum.

Such a board answers nothing, so that a move is known to be sent, not to have happened.
"""

from __future__ import annotations

import serial

from edgeverify.lock.relay.output import RelayError
from edgeverify.lock.settings import SerialRelay

START = 0xA0
WRITE_SECONDS = 1.0


class SerialOutput:
    """One relay of a board."""

    def __init__(self, settings: SerialRelay) -> None:
        self._settings = settings
        try:
            self._port = serial.Serial(
                settings.port, settings.baud, write_timeout=WRITE_SECONDS, exclusive=True
            )
        except (serial.SerialException, OSError, ValueError) as error:
            raise RelayError(f"{settings.port} cannot be opened: {error}.") from None

    def put(self, *, released: bool, energised: bool) -> None:  # noqa: ARG002 - the contract's
        """Send one frame."""
        body = (START, self._settings.channel, int(energised))
        try:
            self._port.write(bytes((*body, sum(body) & 0xFF)))
            self._port.flush()
        except (serial.SerialException, OSError) as error:
            raise RelayError(f"{self._settings.port} cannot be written: {error}.") from None

    def close(self) -> None:
        """Close the port."""
        self._port.close()
