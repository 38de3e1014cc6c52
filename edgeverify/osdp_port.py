"""A serial port as libosdp takes it, for a reader and for a lock's output alike."""

from __future__ import annotations

import osdp
import serial

WRITE_SECONDS = 1.0
"""A port that takes nothing for this long has gone; waiting on would hold libosdp's thread."""


class OsdpPort(osdp.Channel):  # type: ignore[misc] # libosdp has no types
    """One port; libosdp's thread must not meet an exception, so `problem` holds what went wrong."""

    def __init__(self, path: str, baud: int) -> None:
        """Open the port. Raises OSError (a SerialException is one) and ValueError."""
        super().__init__()
        self._port = serial.Serial(
            path, baud, timeout=0, write_timeout=WRITE_SECONDS, exclusive=True
        )
        self.problem = ""
        self.received = 0
        """Bytes that have come, whoever on the bus they were for."""

    def read(self, max_bytes: int) -> bytes:
        """Return what has come, at once."""
        try:
            data = bytes(self._port.read(max_bytes))
        except (serial.SerialException, OSError) as error:
            self.problem = str(error)
            return b""
        self.received += len(data)
        return data

    def write(self, buf: bytes) -> int:
        """Send, and return how many bytes were taken."""
        try:
            return int(self._port.write(buf) or 0)
        except (serial.SerialException, OSError) as error:
            self.problem = str(error)
            return 0

    def flush(self) -> None:
        """Nothing waits here: the kernel sends."""

    def close(self) -> None:
        """Close the port."""
        self._port.close()
